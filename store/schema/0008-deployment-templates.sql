-- The template of a deployment, for exportTemplate. Sealed: people write passwords into templates.

ALTER TABLE deployment ADD COLUMN template BLOB; -- sealed JSON; NULL: of a deployment before this column
