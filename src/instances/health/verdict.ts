/** One answer to "are you well?". */
export type Verdict =
  | { readonly well: true }
  /** In words that fit into brackets: `/health answered 503`. */
  | { readonly well: false; readonly why: string };
