#!/bin/sh
# WANT_JSON
name=`sed 's/.*_ansible_module_name": "\([^"]*\)".*/\1/' "$1"`
given=`sed 's/.*"given": "\([^"]*\)".*/\1/;t;s/.*//' "$1"`
echo "{\"changed\": false, \"name\": \"$name\", \"given\": \"$given\"}"
