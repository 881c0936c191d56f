/**
 * The command lines in a text that begin with `slipway `: in backticks or double quotes in code and pages, and on lines of
 * a page's code blocks. A value that is filled in later counts as one word.
 */
export declare function suggestedCommands(path: string, text: string): readonly string[];
