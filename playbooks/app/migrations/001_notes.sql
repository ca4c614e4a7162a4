CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    body TEXT NOT NULL
);
INSERT INTO note (body) VALUES ('the first; with a semicolon');
