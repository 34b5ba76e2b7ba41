/** How the file of a policy is called, here and on the command line. */
export const POLICY_FILE = 'policy.yaml';
