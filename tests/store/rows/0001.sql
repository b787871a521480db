-- What a bot of revision 0001 leaves behind: a channel with an answer, one in the making and one in line, a private talk.
-- Written once, in the columns of that time; never changed by a later schema.

INSERT INTO conversations (id, place_id, guild_id, scope, member_id, epoch, created_at)
VALUES
    (1, 1200000000000000001, 1100000000000000001, 'channel', 0, 1, 1767268800000),
    (2, 1200000000000000001, 1100000000000000001, 'private', 1300000000000000007, 0, 1767268800001),
    (4, 1200000000000000002, NULL, 'channel', 0, 0, 1767268800002);

INSERT INTO runs (id, conversation_id, epoch, kind, status, model, provider, place_id, guild_id, asker_id, question_id, previous_run_id, interaction_token, created_at, expires_at, started_at, ended_at, cancel_requested_at, cancel_requested_by, lease_owner, lease_expires_at, incomplete_reason, failure, text, delivered_at)
VALUES
    (1, 1, 1, 'answer', 'incomplete', 'demo/small', 'default', 1200000000000000001, 1100000000000000001, 1300000000000000007, 1200000000000000012, NULL, NULL, 1767268800000, 1767269400000, 1767268800001, 1767268800002, NULL, NULL, NULL, NULL, 'max_output_tokens', NULL, 'Hello, Ada. It''s', 1767268800003),
    (2, 1, 1, 'continue', 'completed', 'demo/small', 'default', 1200000000000000001, 1100000000000000001, 1300000000000000007, 1200000000000000012, 1, NULL, 1767268800000, 1767269400000, 1767268801001, 1767268801002, NULL, NULL, NULL, NULL, NULL, NULL, 'a fine day: 語 🙂', NULL),
    (3, 2, 0, 'answer', 'in_progress', 'demo/small', 'default', 1200000000000000001, 1100000000000000001, 1300000000000000007, NULL, NULL, 'a-token', 1767268800000, 1767269400000, 1767268802001, NULL, 1767268802002, 1300000000000000007, 'a-process', 1767268832000, NULL, NULL, 'So', NULL),
    (4, 4, 0, 'answer', 'failed', 'demo/small', 'default', 1200000000000000002, NULL, 1300000000000000007, NULL, NULL, NULL, 1767268800000, 1767269400000, 1767268800001, 1767268800004, NULL, NULL, NULL, NULL, NULL, 'The model provider could not be reached. Please try again in a moment.', '', 1767268800005),
    (7, 1, 1, 'answer', 'queued', 'demo/small', 'default', 1200000000000000001, 1100000000000000001, 1300000000000000007, 1200000000000000015, NULL, NULL, 1767268803000, 1767269400000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL);

INSERT INTO messages (id, conversation_id, epoch, role, discord_id, author_id, author_name, text, quote_author, quote_text, run_id, tokens, created_at, hidden_at)
VALUES
    (1, 1, 0, 'user', 1200000000000000011, 1300000000000000007, 'Ada', 'Before the reset', NULL, NULL, NULL, 5, 1767268795000, NULL),
    (2, 1, 1, 'user', 1200000000000000012, 1300000000000000007, 'Ada', 'Hi! It''s me.', 'Grace', 'Look at this', 1, 9, 1767268800000, NULL),
    (3, 1, 1, 'assistant', NULL, NULL, NULL, 'Hello, Ada. It''s', NULL, NULL, 1, 6, 1767268800002, NULL),
    (4, 1, 1, 'assistant', NULL, NULL, NULL, 'a fine day: 語 🙂', NULL, NULL, 2, 7, 1767268801002, NULL),
    (5, 1, 1, 'user', 1200000000000000014, 1300000000000000007, 'Ada', 'Never mind', NULL, NULL, 7, 3, 1767268802500, 1767268802600),
    (6, 1, 1, 'user', 1200000000000000015, 1300000000000000008, 'Linus', 'And tomorrow?', NULL, NULL, 7, 4, 1767268803000, NULL),
    (7, 2, 0, 'user', NULL, 1300000000000000007, 'Ada', 'A secret', NULL, NULL, 3, 3, 1767268802000, NULL),
    (8, 4, 0, 'user', 1200000000000000016, 1300000000000000007, 'Ada', 'Anybody?', NULL, NULL, 4, 3, 1767268800002, NULL);

INSERT INTO run_events (id, run_id, at, cause, from_status, to_status, detail)
VALUES
    (1, 1, 1767268800000, 'enqueued', NULL, 'queued', NULL),
    (2, 1, 1767268800001, 'claimed', 'queued', 'in_progress', NULL),
    (3, 1, 1767268800002, 'cut_short', 'in_progress', 'incomplete', NULL),
    (4, 2, 1767268801000, 'enqueued', NULL, 'queued', NULL),
    (5, 2, 1767268801001, 'claimed', 'queued', 'in_progress', NULL),
    (6, 2, 1767268801002, 'finished', 'in_progress', 'completed', NULL),
    (7, 3, 1767268802000, 'enqueued', NULL, 'queued', NULL),
    (8, 3, 1767268802001, 'claimed', 'queued', 'in_progress', '{"by": "a-process"}'),
    (9, 4, 1767268800002, 'enqueued', NULL, 'queued', NULL),
    (10, 4, 1767268800003, 'claimed', 'queued', 'in_progress', NULL),
    (11, 4, 1767268800004, 'failed', 'in_progress', 'failed', NULL),
    (15, 7, 1767268803000, 'enqueued', NULL, 'queued', NULL);

INSERT INTO replies (run_id, number, place_id, nonce, discord_id, created_at, posted_at)
VALUES
    (1, 0, 1200000000000000001, '00000000000000000000000a', 1200000000000000021, 1767268800001, 1767268800002),
    (2, 0, 1200000000000000001, '00000000000000000000000b', 1200000000000000022, 1767268801001, 1767268801002),
    (2, 1, 1200000000000000001, '00000000000000000000000c', NULL, 1767268801002, NULL),
    (4, 0, 1200000000000000002, '00000000000000000000000d', 1200000000000000023, 1767268800003, 1767268800004);

INSERT INTO usage (run_id, model, input_tokens, output_tokens, cached_tokens, reasoning_tokens, created_at)
VALUES
    (1, 'demo/small', 40, 6, 8, 0, 1767268800002),
    (2, 'demo/small', 52, 19, 40, 12, 1767268801002);
