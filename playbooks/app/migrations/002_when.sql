ALTER TABLE note ADD COLUMN written TEXT;
UPDATE note SET written = datetime('now');
