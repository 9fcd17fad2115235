// The entry point: a style sheet, a picture, code shared with a chunk, and that chunk.
import paper from "./paper.svg?no-inline";
import { say } from "./shared.js";
import "./style.css";

say(`entry with ${paper}`);
import("./later.js").then(({ later }) => later());
