// The texts of signing in, of showing once more that it is you, and of the page about one's devices. Read through texts.js.

export const SIGN_IN_TEXTS = {
  other_ways: { zh: "其他方式", en: "Other ways" },
  all_ways: { zh: "所有方式", en: "All ways" },
  step_up_none: { zh: "您還沒有夠安全的登入方式", en: "You have no way in that is strong enough yet" },
  step_up_none_detail: { zh: "請用自然人憑證或行動自然人憑證登入後加上通行金鑰，或帶身分證到任何一個服務櫃台辦理。", en: "Sign in with a citizen certificate or a mobile ID and add a passkey, or bring your ID card to any service counter." },
};
