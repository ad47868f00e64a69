// The texts of signing in, of showing once more that it is you, and of the page about one's devices. Read through texts.js.

export const SIGN_IN_TEXTS = {
  // ways to sign in
  other_ways: { zh: "其他方式", en: "Other ways" },
  all_ways: { zh: "所有方式", en: "All ways" },
  remember_me: { zh: "記住這支手機 30 天", en: "Remember this phone for 30 days" },
  remember_me_hint: { zh: "別人也會用的手機請不要勾。看帳單和繳費時還是會請您確認身分。", en: "Not on a phone that others use too. Bills and payments still ask who you are." },
  step_up_none: { zh: "您還沒有夠安全的登入方式", en: "You have no way in that is strong enough yet" },
  step_up_none_detail: { zh: "請用自然人憑證或行動自然人憑證登入後加上通行金鑰，或帶身分證到任何一個服務櫃檯辦理。", en: "Sign in with a citizen certificate or a mobile ID and add a passkey, or bring your ID card to any service counter." },
  way_passkey: { zh: "通行金鑰", en: "Passkey" },
  way_certificate: { zh: "自然人憑證", en: "Citizen certificate" },
  way_mobile_id: { zh: "行動自然人憑證", en: "Mobile ID" },
  way_totp: { zh: "密碼與驗證器 App", en: "Password and authenticator app" },
  way_recovery_code: { zh: "密碼與復原碼", en: "Password and recovery code" },
  way_password_sms: { zh: "密碼與簡訊", en: "Password and text message" },
  way_card: { zh: "紙卡與 PIN 碼", en: "Printed card and PIN" },
  way_counter: { zh: "服務櫃檯", en: "Service counter" },
  way_social: { zh: "其他網站的帳號", en: "Account at another site" },

  // passkeys
  passkey_evidence: { zh: "先確認您是誰，才能加上通行金鑰", en: "Before a passkey is added, show who you are" },
  passkey_evidence_detail: { zh: "密碼和簡訊可能被偷走，所以只憑它們不能加上通行金鑰。請用自然人憑證或行動自然人憑證登入，或帶身分證到任何一個服務櫃檯，我們當場給您一次性代碼。", en: "Password and text messages can be stolen, so they alone do not add a passkey. Sign in with a citizen certificate or a mobile ID, or bring your ID card to any service counter, where you get a one-time code." },
  passkey_name: { zh: "通行金鑰的名字", en: "Name of the passkey" },
  passkey_name_hint: { zh: "例如「媽媽的手機」，只有您看得到", en: "Such as “Mum's phone”; only you see it" },
  passkey_name_missing: { zh: "請寫一個名字。", en: "Please write a name." },
  passkey_rename: { zh: "改名字", en: "Rename" },
  passkey_rename_of: { zh: "為通行金鑰「{name}」改名字", en: "Rename the passkey “{name}”" },
  passkey_named: { zh: "已改名為「{name}」", en: "Renamed to “{name}”" },
  used_at_place: { zh: "上次使用 {when}；上次登入在{place}", en: "Last used {when}; last sign-in: {place}" },
  never_used: { zh: "還沒有用過", en: "Not used yet" },

  // sessions and sign-ins
  signed_in_by: { zh: "{when} 以{way}登入", en: "Signed in {when}: {way}" },
  session_end_of: { zh: "登出 {device}，{when} 登入的", en: "Sign out {device}, signed in {when}" },
  session_remembered: { zh: "記住的裝置", en: "Remembered" },
  session_running: { zh: "登入中", en: "Signed in" },
  sessions_end_others: { zh: "登出其他所有裝置", en: "Sign out everywhere else" },
  sessions_end_others_ask: { zh: "登出其他所有裝置？", en: "Sign out everywhere else?" },
  sessions_end_others_detail: { zh: "只有這支手機還會登入著。其他裝置要再登入一次。", en: "Only this phone stays signed in. The others have to sign in again." },
  sessions_others_ended: { zh: "其他裝置都登出了", en: "Everything else is signed out" },
  sign_ins_title: { zh: "最近的登入", en: "Recent sign-ins" },
  sign_ins_detail: { zh: "地點只記到網路，不記到住址。從新地方的登入，我們會另外通知您。", en: "Places are kept as networks, not addresses. Of a sign-in from a new place we tell you." },
  sign_in_not_me: { zh: "不是我本人", en: "That was not me" },
  sign_in_not_me_of: { zh: "不是我本人：{when}，{device}", en: "That was not me: {when}, {device}" },
};
