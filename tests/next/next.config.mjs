/* The packages are links to where npm installed them, outside of the app. */
export default { turbopack: { root: "/" } };
