// A business id (統一編號): 8 digits, by the Ministry of Finance's rule of 2023-04-01, checked before anything is sent.

const WEIGHTS = [1, 2, 1, 2, 1, 2, 4, 1];

/** Whether the last digit fits the others: the sum of the digits of all products is a multiple of 5; with a 7 in the seventh place, one less may be. */
export function isBusinessId(text) {
  if (!/^[0-9]{8}$/.test(text)) return false;
  const sum = WEIGHTS.reduce((total, weight, place) => {
    const product = weight * Number(text[place]);
    return total + Math.floor(product / 10) + (product % 10);
  }, 0);
  return sum % 5 === 0 || (text[6] === "7" && (sum + 1) % 5 === 0);
}
