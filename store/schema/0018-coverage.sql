-- What a removed subscription has covered stays in the coverage of all: tests remove theirs when they end.
DROP TRIGGER coverage_of_removed_subscription;

CREATE TRIGGER coverage_of_removed_subscription AFTER DELETE ON subscription
BEGIN
    INSERT INTO coverage (subscription_id, kind, name, count)
        SELECT '', kind, name, count FROM coverage WHERE subscription_id = old.id
        ON CONFLICT DO UPDATE SET count = count + excluded.count;
    DELETE FROM coverage WHERE subscription_id = old.id;
END;
