printf 'Your name: '
read -r name
printf 'Your word: '
read -r word
echo "$name has ${#word} letters"
