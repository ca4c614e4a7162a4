//! `local`: the agent as a child.

use crate::support::connection::{block_on, is_answered, nonsense, pool};
use rplay::connection::{Raw, Target};

#[test]
fn an_agent_answers_and_files_travel() {
    block_on(async {
        let (pool, _) = pool();
        let here = pool.connect(&Target { name: "localhost".into(), ..Target::default() });
        is_answered(&here.run(nonsense(), None).await.unwrap());
        let big = vec![7u8; 3_000_000];
        let path = here.put("big.bin", true, &mut &big[..]).await.unwrap();
        let mut back = Vec::new();
        assert_eq!(here.get(&path, &mut back).await.unwrap(), 3_000_000);
        assert!(back == big);
        let missing = here.get("/no/such/file", &mut back).await.unwrap_err();
        assert_eq!(missing.to_string(), "No such file or directory (os error 2)");
        let hello = here.hello().await.unwrap();
        pool.close().await;
        drop((here, pool));
        for _ in 0..100 {
            if !std::path::Path::new(&path).exists() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(!std::path::Path::new(&path).exists(), "the agent {} leaves its files", hello.pid);
    });
}

#[test]
fn raw_needs_no_agent() {
    block_on(async {
        let (pool, heard) = pool();
        let here = pool.connect(&Target { name: "localhost".into(), ..Target::default() });
        let raw = Raw { command: "echo out; echo err >&2; exit 3".into(), executable: None };
        let output = here.raw(&raw).await.unwrap();
        assert_eq!((output.rc, &output.stdout[..], &output.stderr[..]), (3, &b"out\n"[..], &b"err\n"[..]));
        assert!(heard.text().starts_with("3 <localhost> EXEC echo out"), "{}", heard.text());
    });
}
