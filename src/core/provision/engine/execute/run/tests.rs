//! Order and stopping.

use super::*;
use std::sync::{Mutex, PoisonError};

async fn ran(
    needs: &[Vec<usize>],
    at_most: usize,
    fails: &[usize],
    stop_after: usize,
) -> (Vec<String>, Ran<usize, String>) {
    let log = Mutex::new(vec![]);
    let say = |text: String| log.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    let said = || log.lock().unwrap_or_else(PoisonError::into_inner).len();
    let stop = || (said() >= stop_after).then(|| "stopped".to_owned());
    let sleep = |pause| -> BoxFuture<'_, ()> { Box::pin(tokio::time::sleep(pause)) };
    let beat = || -> BoxFuture<'_, Result<(), String>> { Box::pin(async { Ok(()) }) };
    let rules = Rules { at_most, stop: &stop, every: Duration::from_secs(5), sleep: &sleep, beat: &beat };
    let result = run(StepOrder::new(needs), rules, |step| {
        say(format!("+{step}"));
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(1 + step as u64)).await;
            say(format!("-{step}"));
            if fails.contains(&step) { Err(format!("{step} failed")) } else { Ok(step) }
        })
    })
    .await;
    let texts = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (texts, result)
}

#[tokio::test(start_paused = true)]
async fn steps_start_when_all_they_need_is_done() {
    type Case = (&'static str, Vec<Vec<usize>>, usize, Vec<usize>, usize, &'static str, Vec<&'static str>);
    let cases: [Case; 6] = [
        ("one after another", vec![vec![], vec![0], vec![1]], 8, vec![], 99, "+0 -0 +1 -1 +2 -2", vec![]),
        ("at once", vec![vec![], vec![], vec![]], 8, vec![], 99, "+0 +1 +2 -0 -1 -2", vec![]),
        ("two at most", vec![vec![], vec![], vec![]], 2, vec![], 99, "+0 +1 -0 +2 -1 -2", vec![]),
        ("both needs", vec![vec![], vec![], vec![0, 1]], 8, vec![], 99, "+0 +1 -0 -1 +2 -2", vec![]),
        (
            "a failure starts nothing more and awaits what runs",
            vec![vec![], vec![], vec![0], vec![1]],
            8,
            vec![0],
            99,
            "+0 +1 -0 -1",
            vec!["0 failed"],
        ),
        ("so does a stop", vec![vec![], vec![], vec![0]], 8, vec![], 3, "+0 +1 -0 -1", vec!["stopped"]),
    ];
    for (reason, needs, at_most, fails, stop_after, expected, failures) in cases {
        let (log, ran) = ran(&needs, at_most, &fails, stop_after).await;
        assert_eq!(log.join(" "), expected, "{reason}");
        assert_eq!(ran.failures, failures, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_heart_beats_while_steps_run_and_a_failed_beat_stops_them() {
    for (last_good, beats, failures, reason) in
        [(9, 2, 0, "a step of twelve seconds sees two beats of five"), (1, 2, 1, "the second beat fails")]
    {
        let count = Mutex::new(0);
        let stop = || None;
        let sleep = |pause| -> BoxFuture<'_, ()> { Box::pin(tokio::time::sleep(pause)) };
        let beat = || -> BoxFuture<'_, Result<(), String>> {
            let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
            *count += 1;
            let good = *count <= last_good;
            Box::pin(async move { if good { Ok(()) } else { Err("lost".to_owned()) } })
        };
        let rules = Rules { at_most: 1, stop: &stop, every: Duration::from_secs(5), sleep: &sleep, beat: &beat };
        let ran = run(StepOrder::new(&[vec![]]), rules, |step| {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(12)).await;
                Ok(step)
            })
        })
        .await;
        assert_eq!(ran.done, [Some(0)], "{reason}: a step in flight is never dropped");
        assert_eq!(ran.failures.len(), failures, "{reason}");
        assert_eq!(*count.lock().unwrap_or_else(PoisonError::into_inner), beats, "{reason}");
    }
}

#[test]
fn ranks_wait_for_the_rank_before() {
    let order = StepOrder::by_rank(&[3, 0, 3, 6]);
    assert_eq!(order.open, [1, 0, 1, 2], "the second goes first, the last waits for both of rank three");
}
