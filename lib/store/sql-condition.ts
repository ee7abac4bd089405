/** A boolean SQL expression, or a whole SELECT, and the values it binds as `{name:Type}`. */
export interface SqlCondition {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}
