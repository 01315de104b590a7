export const appScript = "";
export const appStyle = "";
export const appScriptHash = "";
export const appStyleHash = "";
