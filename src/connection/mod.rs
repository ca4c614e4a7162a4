//! local, ssh and become: argv and bytes only.
