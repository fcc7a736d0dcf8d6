// oauth4webapi as it comes, with DPoP throughout: device flow, refresh, a request to an API, revocation. It prints the
// codes, and goes on when a line comes in.
import { once } from 'node:events'
import * as oauth from 'oauth4webapi'

const [issuer, api] = process.argv.slice(2).map((url) => new URL(url))
const insecure = { [oauth.allowInsecureRequests]: true }
const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, discovered)
const client = { client_id: 'tillpass-pos' }
const nobody = oauth.None()
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
const proving = { DPoP, ...insecure }

const asked = { scope: 'license', dpop_jkt: await DPoP.calculateThumbprint() }
const codes = await oauth.processDeviceAuthorizationResponse(
  server,
  client,
  await oauth.deviceAuthorizationRequest(server, client, nobody, asked, insecure),
)
console.log(JSON.stringify({ user_code: codes.user_code }))
await once(process.stdin, 'data')

const poll = () => oauth.deviceCodeGrantRequest(server, client, nobody, codes.device_code, proving)
const tokens = await oauth.processDeviceCodeResponse(server, client, await poll())
const refresh = (options) => oauth.refreshTokenGrantRequest(server, client, nobody, tokens.refresh_token, options)
const refreshed = await oauth.processRefreshTokenResponse(server, client, await refresh(proving))

// What an API answers: to the bound token with a proof, and to the same token as a bearer token.
const visit = async (options) => {
  try {
    return (await oauth.protectedResourceRequest(refreshed.access_token, 'GET', api, undefined, null, options)).status
  } catch (refusal) {
    if (!(refusal instanceof oauth.WWWAuthenticateChallengeError)) throw refusal
    return refusal.cause[0].parameters.error
  }
}
const withProof = await visit(proving)
const asBearer = await visit(insecure)
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, nobody, refreshed.refresh_token, insecure),
)
console.log(JSON.stringify({ token_type: refreshed.token_type, withProof, asBearer }))
process.stdin.destroy()
