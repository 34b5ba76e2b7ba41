// The library's front door: what the rooms offer that run in a browser as they are.
export {};
