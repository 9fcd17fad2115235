import { say } from "./shared.js";

export function later() {
  say("chunk");
}
