// The texts of enrolling a phone with a code from the service counter. Read through texts.js.

export const COUNTER_TEXTS = {
  enrol_way: { zh: "我有櫃檯給的登錄碼", en: "I have a code from the counter" },
  enrol_title: { zh: "用櫃檯的登錄碼", en: "With a code from the counter" },
  enrol_detail: { zh: "在這支手機建立通行金鑰，以後用指紋、臉部或螢幕鎖登入。", en: "This makes a passkey on this phone: from then on you sign in with fingerprint, face or screen lock." },
  enrol_code: { zh: "登錄碼", en: "The code on the paper" },
  enrol_code_hint: { zh: "16 個英數字，例如 K7QX-9MPR-3WVH-5ZAB", en: "16 letters and digits, such as K7QX-9MPR-3WVH-5ZAB" },
  enrol_code_wrong: { zh: "請輸入紙上的 16 個英數字。", en: "Please enter the 16 letters and digits on the paper." },
  enrol_send: { zh: "建立通行金鑰並登入", en: "Make a passkey and sign in" },
  enrol_already_detail: { zh: "請回到登入頁，直接用通行金鑰登入。", en: "Go back and sign in with it." },
  enrol_no_code: { zh: "沒有登錄碼？", en: "No code?" },
  enrol_no_code_detail: { zh: "帶兩種證件（其中一種有照片）到區公所或市府服務櫃檯，當場確認身分後就會給您。", en: "Come to a service counter with two papers, one of them with a photograph. You are proved there and given one." },
  enrol_no_passkeys: { zh: "這個瀏覽器不能建立通行金鑰", en: "This browser cannot make a passkey" },
  enrol_no_passkeys_detail: { zh: "請改用手機內建的瀏覽器，更新到新版再試。", en: "Please use your phone's own browser, in a current version." },
};
