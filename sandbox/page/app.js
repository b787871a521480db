// The page's composition root: opens the parts and carries what happens between them.

import { Actions } from "./house.js";
import { Api } from "./api.js";
import { Composer } from "./composer.js";
import { Inspector } from "./inspector.js";
import { Layout } from "./layout.js";
import { Live } from "./live.js";
import { MessageList } from "./messages.js";
import { Sidebar } from "./sidebar.js";
import { World } from "./world.js";

const find = (id) => document.getElementById(id);

const world = new World();
const house = new Actions(world, new Api());
const layout = new Layout(house);
const sidebar = new Sidebar(house, find("sidebar"));
const messages = new MessageList(house, find("timeline"));
const composer = new Composer(house, find("composer"));
const inspector = new Inspector(house, find("inspector"));
const live = new Live({ receive: (frame) => world.receive(frame), report: (linked) => world.setLinked(linked) });
house.connect({ layout, sidebar, messages, composer, inspector, live });

world.addEventListener("world", () => house.settle());
world.addEventListener("message", ({ detail }) => messages.change(detail));
world.addEventListener("typing", () => layout.showTyping());
world.addEventListener("unread", () => sidebar.show());
world.addEventListener("gateway", () => layout.showGateway());
world.addEventListener("link", () => layout.showGateway());
world.addEventListener("request", ({ detail }) => inspector.take(detail));
world.addEventListener("calls", ({ detail }) => inspector.showCalls(detail));

live.listen(house.rememberedUser());
