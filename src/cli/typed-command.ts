/** What was typed, for the journal: values of variables may be secret, and are left out. */
export function typedCommand(argv: readonly string[]): string {
  return argv.map((word) => word.replace(/^((?:--[a-z-]+=|-[a-z])?[A-Za-z_][A-Za-z0-9_]*)=.*$/s, '$1=***')).join(' ');
}
