import * as z from 'zod/mini';

/** How this machine reaches others: VS Code's proxy and certificate settings, or the environment of the command line. */
export const networkAccessSchema = z.object({
  /** Proxy for both schemes; the environment's when absent. */
  proxy: z.optional(z.string()),
  /** Value of `Proxy-Authorization`. */
  proxyAuthorization: z.optional(z.string()),
  /** Hosts reached directly. */
  noProxy: z.optional(z.array(z.string())),
  /** False goes around every proxy. */
  useProxy: z.optional(z.boolean()),
  /** False accepts any certificate, as VS Code's `http.proxyStrictSSL` does. */
  strictSSL: z.optional(z.boolean()),
  /** Trust what this machine trusts besides what Node brings. */
  systemCertificates: z.optional(z.boolean()),
});
export type NetworkAccess = z.infer<typeof networkAccessSchema>;
