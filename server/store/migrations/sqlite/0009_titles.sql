-- Whether a title stands in a category (store::files::stands), however many files the category has.
CREATE INDEX files_titles ON files (category_id, title);
