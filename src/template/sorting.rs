//! Sorting as Python's `list.sort` does it: stable, by "less than" alone, and in its order of questions.
//!
//! The standard library's sorts panic where an order contradicts itself, which a template's can; and of several
//! mistakes in a list, the one that Python meets first is told.

/// Up to here Python sorts by insertion alone.
const RUN: usize = 64;

/// The items in order, or the first failure of a comparison.
pub(super) fn sorted<T, E>(items: Vec<T>, mut less: impl FnMut(&T, &T) -> Result<bool, E>) -> Result<Vec<T>, E> {
    let mut runs: Vec<Vec<T>> = Vec::new();
    let mut rest = items.into_iter();
    loop {
        let run: Vec<T> = rest.by_ref().take(RUN - 1).collect();
        if run.is_empty() {
            break;
        }
        runs.push(inserted(run, &mut less)?);
    }
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(first) = pairs.next() {
            merged.push(match pairs.next() {
                Some(second) => merge(first, second, &mut less)?,
                None => first,
            });
        }
        runs = merged;
    }
    Ok(runs.pop().unwrap_or_default())
}

/// Binary insertion behind what is in order already, from the start.
fn inserted<T, E>(mut items: Vec<T>, less: &mut impl FnMut(&T, &T) -> Result<bool, E>) -> Result<Vec<T>, E> {
    if items.len() < 2 {
        return Ok(items);
    }
    let falling = less(&items[1], &items[0])?;
    let mut run = 2;
    while run < items.len() && less(&items[run], &items[run - 1])? == falling {
        run += 1;
    }
    if falling {
        items[..run].reverse();
    }
    for next in run..items.len() {
        let (mut low, mut high) = (0, next);
        while low < high {
            let middle = low + (high - low) / 2;
            if less(&items[next], &items[middle])? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        items[low..=next].rotate_right(1);
    }
    Ok(items)
}

fn merge<T, E>(a: Vec<T>, b: Vec<T>, less: &mut impl FnMut(&T, &T) -> Result<bool, E>) -> Result<Vec<T>, E> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        let from = if less(y, x)? { &mut b } else { &mut a };
        out.extend(from.next());
    }
    out.extend(a);
    out.extend(b);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(items: Vec<(i32, usize)>) -> Vec<(i32, usize)> {
        sorted(items, |a, b| Ok::<_, ()>(a.0 < b.0)).unwrap()
    }

    #[test]
    fn stable_for_any_length() {
        for len in [0, 1, 2, 3, 63, 64, 65, 130, 1000] {
            let items: Vec<(i32, usize)> = (0..len).map(|i| ((i * 7919 % 13) as i32, i)).collect();
            let mut want = items.clone();
            want.sort();
            assert_eq!(plain(items), want, "{len}");
        }
    }

    #[test]
    fn an_order_that_contradicts_itself_is_no_panic() {
        let mut turn = 0;
        let less = |_: &usize, _: &usize| {
            turn += 1;
            Ok::<_, ()>(turn % 3 == 0)
        };
        assert_eq!(sorted((0..500).collect(), less).map(|items| items.len()), Ok(500));
    }

    #[test]
    fn the_first_failure_is_that_of_python() {
        let asked = std::cell::RefCell::new(Vec::new());
        let less = |a: &i32, b: &i32| {
            asked.borrow_mut().push((*a, *b));
            if *a < 0 || *b < 0 { Err((*a, *b)) } else { Ok(a < b) }
        };
        assert_eq!(sorted(vec![3, 1, 4, -1, 5], less), Err((-1, 3)));
        assert_eq!(*asked.borrow(), [(1, 3), (4, 1), (4, 3), (-1, 3)]);
    }
}
