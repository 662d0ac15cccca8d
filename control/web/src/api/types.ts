// What the control process answers, as far as the dashboard reads it. The names are those of config/record/README.md and
// /api/openapi.json. Everything that traffic can leave out is optional.

export interface Party {
  ip: string;
  port?: number;
  name?: string;
  namespace?: string;
  pod?: { name: string; namespace?: string; labels?: Record<string, string> };
  service?: { name: string; namespace?: string; labels?: Record<string, string> };
  workload?: { kind: string; name: string };
  node?: string;
  dns?: string;
}

export type FieldValue = string | number | boolean | null | FieldValue[] | { [name: string]: FieldValue };

export interface Message {
  size: number;
  last_byte?: string | null; // where the sensor tells when the last byte of it came
  headers?: [string, string][];
  body: { size: number; captured?: number; encoding?: 'utf8' | 'base64'; data?: string };
  fields?: Record<string, FieldValue>;
}

export interface Call {
  id: string;
  sensor?: string;
  protocol: string;
  version?: string;
  state: 'complete' | 'no_response' | 'no_request' | 'one_way';
  reason?: string;
  flags: string[];
  timestamp?: string | null;
  response_timestamp?: string | null;
  elapsed_time?: number | null;
  transport?: string;
  conn_id?: string;
  vlan?: number[];
  tunnel?: { type: string; id: number };
  src: Party;
  dst: Party;
  method?: string;
  url?: string;
  path?: string;
  query_string?: string;
  status_code?: number;
  is_error?: boolean; // the protocol calls the outcome an error; left out where it does not
  error?: string;
  summary?: string;
  trace_id?: string;
  request_id?: string;
  request?: Message | null;
  response?: Message | null;
}

export interface WireField {
  depth: number;
  number: number;
  type: string;
  name?: string; // with `declared` and, of numbers, `shown`: where a descriptor set knows the message
  declared?: string;
  shown?: string;
  value?: string;
  signed?: string;
  text?: string;
  bytes?: number;
  hex?: string;
}

export interface DecodedMessage {
  compressed: boolean;
  cut: boolean;
  bytes: number;
  whole?: boolean;
  fields_over_limit?: boolean;
  message?: string; // its type
  fields: WireField[];
}

export interface DecodedBody {
  kind: 'empty' | 'json' | 'text' | 'form' | 'protobuf' | 'grpc' | 'image' | 'binary';
  content_type: string;
  encodings: string[];
  encoding_left: string;
  fault: string;
  truncated: boolean;
  over_limit: boolean;
  bytes: number;
  charset?: string;
  replaced?: boolean;
  text?: string;
  messages?: DecodedMessage[];
  hex_bytes: number;
  hex: string;
}

export interface WholeCall {
  call: Call;
  source: string;
  decoded: { request: DecodedBody | null; response: DecodedBody | null } | null;
}

export interface Red {
  calls: number;
  errors: number;
  timed: number;
  per_second: number;
  p50_us: number;
  p95_us: number;
  p99_us: number;
  request_bytes: number;
  response_bytes: number;
}

export interface NodeName {
  kind: string;
  name: string;
  namespace: string;
}

export interface Edge extends Red {
  src: NodeName;
  dst: NodeName;
  protocol: string;
}

export interface MapAnswer {
  edges: Edge[];
  all: boolean;
  counted_live: boolean;
}

export interface Series extends Red {
  service: NodeName;
  protocol: string;
  operation: string;
  points: ({ start: string } & Red)[];
}

export interface StatsAnswer {
  series: Series[];
  all: boolean;
  since: string;
  until: string;
}

export interface Bucket {
  start: string;
  calls: number;
  errors: number;
}

export interface Counter {
  of: 'port' | 'worker' | 'publisher' | string;
  who: string;
  name: string;
  label: string;
  value: number;
  per_second: number;
}

export interface Sensor {
  endpoint: string;
  name: string;
  link: 'connecting' | 'connected' | 'refused' | 'wrong' | string;
  trouble: string;
  version: string;
  workers: number;
  link_since?: string | null;
  started?: string | null;
  last_record?: string | null;
  batches: number;
  records: number;
  bytes: number;
  missed_batches: number;
  malformed: number;
  restarts: number;
  disconnects: number;
  clock_offset_us: number;
  clock_trouble?: string; // one sentence where it is so far off that names may be wrong
  targets_in_force: boolean;
  targets_fault: string;
  protocols: string[];
  counters?: Counter[]; // for who sees all namespaces
}

export interface TapSettings {
  namespaces: string[];
  excludedNamespaces: string[];
  regex: string;
  labels: string[];
  services: string[];
  bpfOverride: string;
}

export interface TargetsState {
  settings?: TapSettings; // for who sees all namespaces
  everything: boolean;
  generation: number;
  pods: number;
  namespaces: number;
  nodes: number;
  addresses: number;
  sensors: number;
  sensors_in_force: number;
  waiting: string; // why they can be in force nowhere yet
  dropped_packets: number;
  some?: { pod: string; namespace: string; node: string }[];
}

export interface Me {
  name: string;
  how: string;
  role: 'operator' | 'viewer';
  namespaces: string[];
  payloads: boolean;
  packets?: boolean;
  parts: { name: string; ready: boolean; detail: string }[];
}

export interface FilterVariable {
  name: string;
  type: string;
  meaning: string;
  protocol: string;
  values: string[];
}

export interface FilterFault {
  position: number;
  length: number;
  message: string;
  suggestion: string;
}
