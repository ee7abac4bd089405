// One copy of the code and its state, whichever way a program asks for it.
export { startHotspan } from "../dist/index.js";
