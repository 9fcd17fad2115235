// The entry: a style sheet, a picture, code that a chunk shares, and that chunk.
import paper from "./paper.svg?no-inline";
import { say } from "./shared.js";
import "./style.css";

say(`entry with ${paper}`);
import("./later.js").then(({ later }) => later());
