// Whether a number can be a card's or a member's, said while it is typed; the partner itself has the last word.

const FORMS = {
  ipass: { length: 16, holds: luhnHolds },
  seveneleven: { length: 16, holds: luhnHolds },
  familymart: { length: 10, holds: luhnHolds },
  pxmart: { length: 13, holds: gs1Holds },
  okmart: { length: 10, holds: (digits) => digits.startsWith("09") },
};

/** The digits of what was typed, or null where there is something else in it. */
export function digitsIn(typed) {
  const digits = typed.normalize("NFKC").replace(/[\s-]/g, "");
  return /^[0-9]*$/.test(digits) ? digits : null;
}

/** How `typed` stands with that partner: {is: "right" | "wrong" | "short" | "long" | "strange" | "unknown", length}. */
export function standingOf(partner, typed) {
  const digits = digitsIn(typed);
  const form = FORMS[partner];
  if (digits === null) return { is: "strange", length: form?.length };
  if (!form) return { is: "unknown" };
  const { length } = form;
  if (digits.length !== length) return { is: digits.length < length ? "short" : "long", length };
  return { is: form.holds(digits) ? "right" : "wrong", length };
}

/** ISO/IEC 7812-1, annex B: every second digit from the right counts double, 18 as 9. */
function luhnHolds(digits) {
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** GS1 General Specifications, 7.9: from the right the digits count once and three times by turns. */
function gs1Holds(digits) {
  return [...digits].reverse().reduce((total, digit, place) => total + Number(digit) * (place % 2 ? 3 : 1), 0) % 10 === 0;
}
