export function say(text) {
  document.body.append(text);
}
