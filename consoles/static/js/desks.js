// The desks there are. Each is a module with `desk`: {path, name (a text's key), roles (null: every officer), screens}.
import { desk as approvals } from "./desks/approvals.js";

export const DESKS = [approvals];
