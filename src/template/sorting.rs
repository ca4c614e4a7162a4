//! Sorting as Python's `list.sort` does it: stable, by "less than" alone, and in its order of questions.
//!
//! The standard library's sorts panic where an order contradicts itself, which a template's can; and of several
//! mistakes in a list, the one that Python meets first is told.

/// Up to here Python sorts by insertion alone.
const RUN: usize = 64;

/// The items in order, or the first failure of a comparison.
pub(super) fn sorted<T, E>(mut items: Vec<T>, less: impl FnMut(&T, &T) -> Result<bool, E>) -> Result<Vec<T>, E> {
    sort(&mut items, less)?;
    Ok(items)
}

/// Puts the items in order. Where a comparison fails, they are as far as they came.
pub(super) fn sort<T, E>(items: &mut Vec<T>, mut less: impl FnMut(&T, &T) -> Result<bool, E>) -> Result<(), E> {
    items.chunks_mut(RUN - 1).try_for_each(|run| insert(run, &mut less))?;
    let mut rest = std::mem::take(items).into_iter();
    let mut runs: Vec<Vec<T>> = Vec::new();
    while rest.len() > 0 {
        runs.push(rest.by_ref().take(RUN - 1).collect());
    }
    let mut failure = None;
    while runs.len() > 1 && failure.is_none() {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(mut run) = pairs.next() {
            match pairs.next() {
                Some(second) if failure.is_none() => failure = merge(&mut run, second, &mut less).err(),
                Some(second) => run.extend(second),
                None => {}
            }
            merged.push(run);
        }
        runs = merged;
    }
    *items = runs.into_iter().flatten().collect();
    failure.map_or(Ok(()), Err)
}

/// Binary insertion behind what is in order already, from the start.
fn insert<T, E>(items: &mut [T], less: &mut impl FnMut(&T, &T) -> Result<bool, E>) -> Result<(), E> {
    if items.len() < 2 {
        return Ok(());
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
    Ok(())
}

/// Merges a run into the one before it; after a failure, what is left of both follows.
fn merge<T, E>(run: &mut Vec<T>, second: Vec<T>, less: &mut impl FnMut(&T, &T) -> Result<bool, E>) -> Result<(), E> {
    let mut a = std::mem::take(run).into_iter().peekable();
    let mut b = second.into_iter().peekable();
    let mut result = Ok(());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        let from = match less(y, x) {
            Ok(true) => &mut b,
            Ok(false) => &mut a,
            Err(failure) => {
                result = Err(failure);
                break;
            }
        };
        run.extend(from.next());
    }
    run.extend(a);
    run.extend(b);
    result
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
        let mut items = vec![3, 1, 4, -1, 5];
        assert_eq!(sort(&mut items, less), Err((-1, 3)));
        assert_eq!(*asked.borrow(), [(1, 3), (4, 1), (4, 3), (-1, 3)]);
        assert_eq!(items, [1, 3, 4, -1, 5]);
    }

    #[test]
    fn nothing_is_lost_where_it_fails() {
        for limit in [1, 50, 500, 900, 1200] {
            let mut turn = 0;
            let less = |a: &i32, b: &i32| {
                turn += 1;
                if turn > limit { Err(()) } else { Ok(a < b) }
            };
            let mut items: Vec<i32> = (0..200).rev().collect();
            assert_eq!(sort(&mut items, less).is_err(), turn > limit);
            items.sort_unstable();
            assert_eq!(items, (0..200).collect::<Vec<_>>());
        }
    }
}
