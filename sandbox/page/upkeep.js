// What one can do to the server: its roles, its channels, and who may do what in them.

import { openMenu } from "./menu.js";
import { askText, confirmStep } from "./modals.js";

const NEW_ROLES = [
  { label: "With nothing special", permissions: [] },
  { label: "That manages channels", permissions: ["manage_channels"] },
  { label: "That manages the server", permissions: ["manage_guild", "manage_channels", "manage_messages"] },
];
const PERMISSIONS = {
  view_channel: "See the channel",
  send_messages: "Write messages",
  use_application_commands: "Use commands",
  manage_channels: "Manage the channel",
  manage_messages: "Manage messages",
  manage_webhooks: "Manage webhooks",
};
const STANCES = { allow: "Allow", deny: "Deny", inherit: "As elsewhere" };

/** The menu of the server's name. */
export function openServerMenu(house, rectangle) {
  const { state } = house.world;
  const create = (kind, title) => async () => {
    const name = await askText({ title, label: "Name", action: "Create" });
    if (name) await house.keep("create-channel", { name, kind });
  };
  const rooms = [
    { label: "Create a channel", act: create("text", "Create a channel") },
    { label: "Create a category", act: create("category", "Create a category") },
  ];
  const removable = state.roles.filter((role) => !role.managed);
  const roles = [
    { label: "Create a role", inner: NEW_ROLES.map(({ label, permissions }) => ({ label, act: () => createRole(house, permissions) })) },
    { label: "Delete a role", inner: removable.map((role) => ({ label: role.name, danger: true, act: () => deleteRole(house, role) })) },
  ];
  openMenu(rectangle, "Server", [...(house.world.keeps("manage_channels") ? rooms : []), ...(house.world.keeps("manage_roles") ? roles : [])]);
}

/** The menu of a channel or a category. */
export function openChannelMenu(house, channel, rectangle, { isCategory = false } = {}) {
  const create = async () => {
    const name = await askText({ title: `Create a channel in ${channel.name}`, label: "Name", action: "Create" });
    if (name) await house.keep("create-channel", { name, category: channel.id });
  };
  const rename = async () => {
    const name = await askText({ title: "Rename", label: "Name", value: channel.name, action: "Rename" });
    if (name && name !== channel.name) await house.keep("rename-channel", { channel: channel.id, name });
  };
  const remove = async () => {
    const text = isCategory ? "Its channels stay." : "Its messages and threads will be gone.";
    if (await confirmStep({ title: `Delete ${channel.name}?`, text, action: "Delete" })) await house.keep("delete-channel", { channel: channel.id });
  };
  const items = [
    house.world.keeps("manage_channels") && isCategory && { label: "Create a channel", act: create },
    house.world.keeps("manage_channels") && { label: "Rename", act: rename },
    house.world.keeps("manage_roles") && { label: "Permissions", inner: permissionItems(house, channel) },
    house.world.keeps("manage_channels") && { label: "Delete", danger: true, act: remove },
  ];
  openMenu(rectangle, channel.name, items.filter(Boolean));
}

/** The item of a person's menu that gives and takes roles, or false for who may not. */
export function rolesItem(house, person) {
  if (!house.world.keeps("manage_roles") || !person.roles) return false;
  const roles = house.world.state.roles.filter((role) => !role.managed);
  const inner = roles.map((role) => {
    const has = person.roles.includes(role.id);
    return { label: role.name, hint: has ? "✓" : "", act: () => house.keep("give-role", { member: person.id, role: role.id, on: !has }) };
  });
  return inner.length > 0 && { label: "Roles", inner };
}

async function createRole(house, permissions) {
  const name = await askText({ title: "Create a role", label: "Name", action: "Create" });
  if (name) await house.keep("create-role", { name, permissions });
}

async function deleteRole(house, role) {
  const text = "Everybody who has it loses it.";
  if (await confirmStep({ title: `Delete the role ${role.name}?`, text, action: "Delete" })) await house.keep("delete-role", { role: role.id });
}

/** For each role the permissions that a channel may give or take. */
function permissionItems(house, channel) {
  const { guild, roles } = house.world.state;
  return [{ id: guild.id, name: "@everyone" }, ...roles].map((role) => ({
    label: role.name,
    inner: Object.entries(PERMISSIONS).map(([permission, label]) => ({ label, inner: stanceItems(house, channel, role, permission) })),
  }));
}

function stanceItems(house, channel, role, permission) {
  const known = channel.overwrites.find((overwrite) => overwrite.id === role.id);
  const now = known?.allow.includes(permission) ? "allow" : known?.deny.includes(permission) ? "deny" : "inherit";
  const choose = (stance) => house.keep("permit", { channel: channel.id, target: role.id, permission, stance });
  return Object.entries(STANCES).map(([stance, label]) => ({ label, hint: stance === now ? "✓" : "", act: () => choose(stance) }));
}
