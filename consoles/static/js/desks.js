// The desks there are. Each is a module with `desk`: {path, name (a text's key), roles (null: every officer), screens}.
import { desk as approvals } from "./desks/approvals.js";
import { desk as breaks } from "./desks/breaks.js";
import { desk as campaigns } from "./desks/campaigns.js";
import { desk as cases } from "./desks/cases.js";
import { desk as clearing } from "./desks/clearing.js";
import { desk as counter } from "./desks/counter.js";
import { desk as days } from "./desks/days.js";
import { desk as dispatch } from "./desks/dispatch.js";
import { desk as dispatchCalls } from "./desks/dispatch_calls.js";
import { desk as dispatchReplay } from "./desks/dispatch_replay.js";
import { desk as dispatchRoster } from "./desks/dispatch_roster.js";
import { desk as dispatchTerms } from "./desks/dispatch_terms.js";
import { desk as dispatchVans } from "./desks/dispatch_vans.js";
import { desk as disputes } from "./desks/disputes.js";
import { desk as duty } from "./desks/duty.js";
import { desk as files } from "./desks/files.js";
import { desk as lookups } from "./desks/lookups.js";
import { desk as notices } from "./desks/notices.js";
import { desk as operator } from "./desks/operator.js";
import { desk as payments } from "./desks/payments.js";
import { desk as pointsCampaigns } from "./desks/points_campaigns.js";
import { desk as pointsHeld } from "./desks/points_held.js";
import { desk as pointsMerchants } from "./desks/points_merchants.js";
import { desk as pointsPartners } from "./desks/points_partners.js";
import { desk as pointsReports } from "./desks/points_reports.js";
import { desk as pointsSettlements } from "./desks/points_settlements.js";
import { desk as refunds } from "./desks/refunds.js";
import { desk as rideCare } from "./desks/ride_care.js";
import { desk as ridePapers } from "./desks/ride_papers.js";
import { desk as sites } from "./desks/relying_parties.js";
import { desk as sending } from "./desks/sending.js";
import { desk as today } from "./desks/today.js";
import { desk as topics } from "./desks/topics.js";

export const DESKS = [counter, operator, duty, today, pointsHeld, approvals, breaks, days, files, payments, disputes, refunds, notices, cases, lookups, clearing, sites, campaigns, topics, sending,
  pointsMerchants, pointsCampaigns, pointsSettlements, pointsPartners, pointsReports, dispatch, dispatchRoster, dispatchVans, dispatchTerms, dispatchCalls, dispatchReplay, rideCare, ridePapers];
