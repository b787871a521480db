// What the page knows of the small Discord, as one person sees it. It tells its listeners what changed:
// "world", "message" (detail: {kind, message | id, channelId}), "typing", "gateway", "request", "calls", "unread", "link".

import { History } from "./history.js";
import { translated } from "./language.js";

const TYPING_MS = 10_000; // Discord shows one typing event for ten seconds
const TEXT_TYPES = new Set([0, 5]); // text and announcement channels
const EMPTY_WORLD = { guild: null, me: null, users: [], categories: [], channels: [], threads: [], dms: [], commands: [], locales: [] };

export class World extends EventTarget {
  constructor() {
    super();
    this.state = EMPTY_WORLD;
    this.linked = false;
    this.gateway = { connected: false, sessions: 0 };
    this.openChannelId = null;
    this.unread = new Map(); // channel id -> how many of its unread messages mention me
    this.histories = new Map();
    this.typists = new Map(); // channel id -> Map of user id -> until when (ms)
    this.users = new Map();
  }

  get me() {
    return this.state.me;
  }

  get bot() {
    return this.users.get(this.state.bot_id) ?? null;
  }

  /** The commands that I may run in the open channel, in my language. */
  get commands() {
    return this.state.commands.filter((command) => command.places.includes(this.openChannelId)).map((command) => translated(command, this.me.locale));
  }

  /** Whether a part of the server's upkeep is mine: "manage_channels" or "manage_roles". */
  keeps(permission) {
    return this.me?.keeps.includes(permission) ?? false;
  }

  /** Whether I may do to others' messages what moderators may. */
  get moderates() {
    return this.roleOf(this.me?.id) === "owner" || this.roleOf(this.me?.id) === "moderator";
  }

  roleOf(userId) {
    return this.users.get(userId)?.role ?? "member";
  }

  /** Forgets what another person saw: messages, typing, unread marks. */
  forget() {
    this.histories.clear();
    this.typists.clear();
    this.unread.clear();
  }

  receive(frame) {
    if (frame.type === "world") this.#takeWorld(frame.data);
    else if (frame.type === "event") this.#takeEvent(frame.event, frame.data);
    else if (frame.type === "gateway") {
      this.gateway = frame.data;
      this.#tell("gateway");
    } else if (frame.type === "request") this.#tell("request", frame.data);
    else if (frame.type === "calls") this.#tell("calls", frame.data);
  }

  setLinked(linked) {
    if (linked && !this.linked) this.histories.clear(); // what happened meanwhile is not replayed
    const changed = linked !== this.linked;
    this.linked = linked;
    if (changed) this.#tell("link");
  }

  history(channelId) {
    if (!this.histories.has(channelId)) this.histories.set(channelId, new History());
    return this.histories.get(channelId);
  }

  /** A channel, thread or DM as {id, kind, name, topic, parentId, archived, members}, or null. */
  place(id) {
    const channel = this.state.channels.find((one) => one.id === id);
    if (channel) return { id, kind: "channel", name: channel.name, topic: channel.topic ?? "", parentId: channel.parent_id };
    const thread = this.state.threads.find((one) => one.id === id);
    if (thread)
      return { id, kind: "thread", name: thread.name, topic: "", parentId: thread.parent_id, archived: thread.archived, members: thread.members };
    const dm = this.state.dms.find((one) => one.id === id);
    if (!dm) return null;
    return { id, kind: "dm", name: this.nameOf(dm.recipient_id), topic: "", parentId: null, recipientId: dm.recipient_id };
  }

  textChannels() {
    return this.state.channels.filter((channel) => TEXT_TYPES.has(channel.type ?? 0));
  }

  threadsOf(channelId) {
    return this.state.threads.filter((thread) => thread.parent_id === channelId && !thread.archived);
  }

  nameOf(userId) {
    return this.users.get(userId)?.display_name ?? "unknown-user";
  }

  roleName(roleId) {
    return this.state.roles?.find((role) => role.id === roleId)?.name ?? "unknown-role";
  }

  /** The author of a message with a name and a colour, also when the world does not list them (a webhook). */
  authorOf(message) {
    const author = message.author ?? {};
    const known = this.users.get(author.id);
    const name = author.global_name ?? author.username ?? "unknown-user";
    const picture = author.avatar ? `/cdn/avatars/${author.id}/${author.avatar}.png` : null;
    return known ?? { id: author.id, name, display_name: name, picture, role: author.bot ? "bot" : "member" };
  }

  open(channelId) {
    this.openChannelId = channelId;
    this.markRead(channelId);
  }

  markRead(channelId) {
    if (this.unread.delete(channelId)) this.#tell("unread");
  }

  /** Names of those who type in a channel now, without me. */
  typingIn(channelId, nowMs = Date.now()) {
    const typists = this.typists.get(channelId) ?? new Map();
    return [...typists].filter(([id, until]) => until > nowMs && id !== this.me?.id).map(([id]) => this.nameOf(id));
  }

  loaded(channelId) {
    this.#tell("message", { kind: "loaded", channelId });
  }

  /** Takes a message out of sight for this page only; nothing is deleted. */
  dismiss(message) {
    this.#remove(message.channel_id, message.id);
  }

  #takeWorld(state) {
    this.state = { ...EMPTY_WORLD, ...state };
    this.users = new Map(this.state.users.map((user) => [user.id, user]));
    this.#tell("world");
  }

  #takeEvent(event, data) {
    if (event === "MESSAGE_CREATE" || event === "MESSAGE_UPDATE") this.#takeMessage(event, data);
    else if (event === "MESSAGE_DELETE") this.#remove(data.channel_id, data.id);
    else if (event === "MESSAGE_DELETE_BULK") for (const id of data.ids) this.#remove(data.channel_id, id);
    else if (event === "TYPING_START") this.#takeTyping(data);
    else if (event.startsWith("MESSAGE_REACTION_")) this.#takeReaction(event, data);
  }

  #takeMessage(event, message) {
    const isNew = event === "MESSAGE_CREATE";
    if (isNew && this.typists.get(message.channel_id)?.delete(message.author?.id)) this.#tell("typing");
    const kind = this.history(message.channel_id).put(message);
    if (isNew && message.author?.id !== this.me?.id) this.#markUnread(message);
    if (kind) this.#tell("message", { kind, message, channelId: message.channel_id });
  }

  #markUnread(message) {
    if (message.channel_id === this.openChannelId) return;
    const mentionsMe = (message.mentions ?? []).some((user) => user.id === this.me?.id);
    const isDirect = this.place(message.channel_id)?.kind === "dm";
    this.unread.set(message.channel_id, (this.unread.get(message.channel_id) ?? 0) + (mentionsMe || isDirect ? 1 : 0));
    this.#tell("unread");
  }

  #takeTyping({ channel_id: channelId, user_id: userId }) {
    if (!this.typists.has(channelId)) this.typists.set(channelId, new Map());
    this.typists.get(channelId).set(userId, Date.now() + TYPING_MS);
    this.#tell("typing");
    setTimeout(() => this.#tell("typing"), TYPING_MS + 50);
  }

  #takeReaction(event, data) {
    const history = this.history(data.channel_id);
    const message = history.get(data.message_id);
    if (!message) return;
    const reactions = countReactions(message.reactions ?? [], event, data, data.user_id === this.me?.id);
    const changed = { ...message, reactions };
    history.put(changed);
    this.#tell("message", { kind: "updated", message: changed, channelId: data.channel_id });
  }

  #remove(channelId, id) {
    if (this.history(channelId).remove(id)) this.#tell("message", { kind: "deleted", id, channelId });
  }

  #tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function sameEmoji(a, b) {
  return a?.id || b?.id ? a?.id === b?.id : a?.name === b?.name;
}

/** The reactions of a message after one gateway event about them. */
export function countReactions(reactions, event, data, mine) {
  if (event === "MESSAGE_REACTION_REMOVE_ALL") return [];
  const others = reactions.filter((reaction) => !sameEmoji(reaction.emoji, data.emoji));
  if (event === "MESSAGE_REACTION_REMOVE_EMOJI") return others;
  const step = event === "MESSAGE_REACTION_ADD" ? 1 : -1;
  const present = reactions.find((reaction) => sameEmoji(reaction.emoji, data.emoji));
  if (!present) return step > 0 ? [...reactions, { emoji: data.emoji, count: 1, me: mine }] : reactions;
  const changed = { ...present, count: present.count + step, me: mine ? step > 0 : present.me };
  return reactions.map((one) => (one === present ? changed : one)).filter((one) => one.count > 0);
}
