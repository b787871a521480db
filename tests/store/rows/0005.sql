-- What a bot of revision 0004 leaves behind: a channel with an answer, one in the making and one in line, a private talk.
-- Written once, in the columns of that time; never changed by a later schema.

INSERT INTO conversations (id, place_id, guild_id, scope, member_id, epoch, created_at, closed_at)
VALUES
    (1, 1200000000000000001, 1100000000000000001, 'channel', 0, 1, 1767268800000, NULL),
    (2, 1200000000000000001, 1100000000000000001, 'private', 1300000000000000007, 0, 1767268800001, NULL),
    (4, 1200000000000000002, NULL, 'channel', 0, 0, 1767268800002, 1767268809000);

INSERT INTO runs (id, conversation_id, epoch, kind, status, model, provider, place_id, guild_id, asker_id, question_id, previous_run_id, interaction_token, created_at, expires_at, started_at, ended_at, cancel_requested_at, cancel_requested_by, attempt, lease_owner, lease_expires_at, waiting_since, incomplete_reason, failure, text, remark, delivered_at)
VALUES
    (1, 1, 1, 'answer', 'incomplete', 'demo/small', 'default', 1200000000000000001, 1100000000000000001, 1300000000000000007, 1200000000000000012, NULL, NULL, 1767268800000, 1767269400000, 1767268800001, 1767268800002, NULL, NULL, 1, NULL, NULL, NULL, 'max_output_tokens', NULL, 'Hello, Ada. It''s', NULL, 1767268800003),
    (2, 1, 1, 'continue', 'completed', 'demo/small', 'default', 1200000000000000001, 1100000000000000001, 1300000000000000007, 1200000000000000012, 1, NULL, 1767268800000, 1767269400000, 1767268801001, 1767268801002, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, 'a fine day: 語 🙂', 'Answered by other/large, because demo/small did not answer.', NULL),
    (3, 2, 0, 'answer', 'in_progress', 'demo/small', 'default', 1200000000000000001, 1100000000000000001, 1300000000000000007, NULL, NULL, 'a-token', 1767268800000, 1767269400000, 1767268802001, NULL, 1767268802002, 1300000000000000007, 2, 'a-process', 1767268832000, NULL, NULL, NULL, 'So', NULL, NULL),
    (4, 4, 0, 'answer', 'failed', 'demo/small', 'default', 1200000000000000002, NULL, 1300000000000000007, NULL, NULL, NULL, 1767268800000, 1767269400000, 1767268800001, 1767268800004, NULL, NULL, 1, NULL, NULL, NULL, NULL, 'The model provider could not be reached. Please try again in a moment.', '', NULL, 1767268800005),
    (6, 4, 0, 'answer', 'requires_action', 'demo/small', 'default', 1200000000000000002, NULL, 1300000000000000007, NULL, NULL, NULL, 1767268800000, 1767355200000, 1767268800001, NULL, NULL, NULL, 1, NULL, NULL, 1767268800900, NULL, NULL, '', NULL, NULL),
    (7, 1, 1, 'answer', 'queued', 'demo/small', 'default', 1200000000000000001, 1100000000000000001, 1300000000000000007, 1200000000000000015, NULL, NULL, 1767268803000, 1767269400000, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL);

INSERT INTO messages (id, conversation_id, epoch, role, discord_id, author_id, author_name, text, quote_author, quote_text, run_id, tokens, created_at, hidden_at, quote_author_id)
VALUES
    (1, 1, 0, 'user', 1200000000000000011, 1300000000000000007, 'Ada', 'Before the reset', NULL, NULL, NULL, 5, 1767268795000, NULL, NULL),
    (2, 1, 1, 'user', 1200000000000000012, 1300000000000000007, 'Ada', 'Hi! It''s me.', 'Grace', 'Look at this', 1, 9, 1767268800000, NULL, 1300000000000000009),
    (3, 1, 1, 'assistant', NULL, NULL, NULL, 'Hello, Ada. It''s', NULL, NULL, 1, 6, 1767268800002, NULL, NULL),
    (4, 1, 1, 'assistant', NULL, NULL, NULL, 'a fine day: 語 🙂', NULL, NULL, 2, 7, 1767268801002, NULL, NULL),
    (5, 1, 1, 'user', 1200000000000000014, 1300000000000000007, 'Ada', 'Never mind', NULL, NULL, 7, 3, 1767268802500, 1767268802600, NULL),
    (6, 1, 1, 'user', 1200000000000000015, 1300000000000000008, 'Linus', 'And tomorrow?', NULL, NULL, 7, 4, 1767268803000, NULL, NULL),
    (7, 2, 0, 'user', NULL, 1300000000000000007, 'Ada', 'A secret', NULL, NULL, 3, 3, 1767268802000, NULL, NULL),
    (8, 4, 0, 'user', 1200000000000000016, 1300000000000000007, 'Ada', 'Anybody?', NULL, NULL, 4, 3, 1767268800002, NULL, NULL),
    (9, 4, 0, 'assistant', NULL, NULL, NULL, '', NULL, NULL, 6, 0, 1767268800800, NULL, NULL);

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
    (12, 6, 1767268800700, 'enqueued', NULL, 'queued', NULL),
    (13, 6, 1767268800750, 'claimed', 'queued', 'in_progress', NULL),
    (14, 6, 1767268800900, 'person_asked', 'requires_action', 'requires_action', NULL),
    (15, 7, 1767268803000, 'enqueued', NULL, 'queued', NULL);

INSERT INTO replies (run_id, number, place_id, nonce, discord_id, created_at, posted_at, webhook_id)
VALUES
    (1, 0, 1200000000000000001, '00000000000000000000000a', 1200000000000000021, 1767268800001, 1767268800002, 1600000000000000001),
    (2, 0, 1200000000000000001, '00000000000000000000000b', 1200000000000000022, 1767268801001, 1767268801002, NULL),
    (2, 1, 1200000000000000001, '00000000000000000000000c', NULL, 1767268801002, NULL, NULL),
    (4, 0, 1200000000000000002, '00000000000000000000000d', 1200000000000000023, 1767268800003, 1767268800004, NULL);

INSERT INTO usage (run_id, model, input_tokens, output_tokens, cached_tokens, reasoning_tokens, created_at, provider, cost_nanos, is_estimated)
VALUES
    (1, 'demo/small', 40, 6, 8, 0, 1767268800002, 'demo', 1234567, 0),
    (2, 'demo/small', 52, 19, 40, 12, 1767268801002, 'demo', 1234568, 1);

INSERT INTO tool_calls (id, run_id, message_id, position, call_id, name, arguments, started_at, ended_at, output, outcome, need, decided_at, decided_by)
VALUES
    (1, 3, 7, 0, 'call_1', 'weather', '{"city": "Zürich"}', 1767268802100, 1767268802200, '18 degrees', 'done', NULL, NULL, NULL),
    (2, 3, 7, 1, 'call_2', 'clock', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 6, 9, 0, 'call_1', 'poll', '{}', NULL, NULL, NULL, NULL, 'approval', 1767268800950, 1300000000000000007),
    (4, 6, 9, 1, 'call_2', 'ask_user', '{"question": "Which?"}', NULL, NULL, NULL, NULL, 'answer', NULL, NULL);

INSERT INTO tool_files (id, run_id, call_id, name, description, content)
VALUES
    (1, 3, 1, 'map.png', 'A map', X'89504E470D0A1A0A');

INSERT INTO tool_approvals (conversation_id, epoch, tool, asker_id, approved_by, approved_at)
VALUES
    (1, 1, 'poll', 1300000000000000002, 1300000000000000007, 1767268800960);

INSERT INTO http_tools (id, guild_id, name, description, parameters, method, url, secret, needs_approval, is_idempotent, timeout_seconds, role_ids, channel_ids, is_enabled, created_by, created_at, changed_at)
VALUES
    (1, 1100000000000000001, 'weather', 'Tell the weather', '{"type": "object", "properties": {}}', 'POST', 'https://weather.example/now', 'encrypted', 1, 0, 10.0, '[1400000000000000001]', '[]', 1, 1300000000000000007, 1767268800980, 1767268800981);

INSERT INTO http_tool_calls (id, tool_id, at, user_id, channel_id, run_id, status, milliseconds, outcome)
VALUES
    (1, 1, 1767268802150, 1300000000000000007, 1200000000000000001, 3, 200, 45, 'done');

INSERT INTO reminders (id, user_id, guild_id, channel_id, text, due_at, created_at, call_id, sent_at, failure)
VALUES
    (1, 1300000000000000007, 1100000000000000001, 1200000000000000001, 'Tea', 1767272400000, 1767268800990, 1, NULL, NULL),
    (2, 1300000000000000007, NULL, 1200000000000000002, 'Coffee', 1767268801990, 1767268800991, NULL, 1767268801999, 'The channel was gone.');

INSERT INTO notices (guild_id, subject, told_at)
VALUES
    (1100000000000000001, 'no_tools', 1767268803990);

INSERT INTO lost_guilds (guild_id, lost_at)
VALUES
    (1100000000000000002, 1767268804990);

INSERT INTO shards (number, last_message_id)
VALUES
    (0, 1200000000000000016);

INSERT INTO place_settings (place_kind, place_id, name, guild_id, value, set_by, set_at)
VALUES
    ('channel', 1200000000000000001, 'temperature', 1100000000000000001, '0.2', 1300000000000000007, 1767268800972),
    ('guild', 1100000000000000001, 'model', 1100000000000000001, '"demo/small"', 1300000000000000007, 1767268800973);

INSERT INTO bookmarks (conversation_id, epoch, provider, state, changed_at)
VALUES
    (1, 1, 'demo', '{"thread_id": "thread_1", "keys": ["2 abc"]}', 1767268800974);

INSERT INTO carried (message_id, run_id, data)
VALUES
    (9, 6, '{"provider": "demo", "reasoning_content": "Let me roll."}');

INSERT INTO remote_steps (run_id, step_id, remote_run_id, kind, status, input_tokens, output_tokens, changed_at)
VALUES
    (1, 'step_1', 'run_1', 'message_creation', 'completed', 10, 5, 1767268800975);

INSERT INTO alternatives (run_id, number, text)
VALUES
    (2, 1, 'a grey day');

INSERT INTO setting_changes (guild_id, place_kind, place_id, name, old_value, new_value, changed_by, changed_at, undoes)
VALUES
    (1100000000000000001, 'channel', 1200000000000000001, 'temperature', NULL, '0.2', 1300000000000000007, 1767268800972, NULL),
    (1100000000000000001, 'channel', 1200000000000000001, 'temperature', '0.2', NULL, 1300000000000000007, 1767268800973, 1);

INSERT INTO budget_windows (place_kind, place_id, subject, member_id, period, starts_at, guild_id, tokens, cost_nanos, questions)
VALUES
    ('guild', 1100000000000000001, 'all', 0, 'day', 1767225600000, 1100000000000000001, 1200, 340000, 3);

INSERT INTO reservations (run_id, windows, tokens, cost_nanos, created_at)
VALUES
    (1, '[]', 2048, 500000, 1767268800976);

INSERT INTO opt_outs (user_id, since)
VALUES
    (1300000000000000042, 1767268800977);

INSERT INTO jobs (name, guild_id, started_at, ended_at, done, failure, user_id)
VALUES
    ('retention', NULL, 1767268800978, 1767268801978, 4, NULL, NULL),
    ('retention', 1100000000000000001, 1767268802978, NULL, 0, 'the disk is full', NULL),
    ('deletion', NULL, 1767268803978, NULL, 200, NULL, 1300000000000000042);

INSERT INTO command_usage (guild_id, place_id, user_id, is_private, model, input_tokens, output_tokens, cached_tokens, reasoning_tokens, created_at, provider, cost_nanos, is_estimated)
VALUES
    (1100000000000000001, 1200000000000000001, 1300000000000000007, 0, 'small', 900, 90, 10, 5, 1767268800979, 'demo', 1234569, 0),
    (NULL, 1200000000000000002, 1300000000000000008, 0, 'small', 30, 3, 0, 0, 1767268800980, NULL, NULL, 1);
