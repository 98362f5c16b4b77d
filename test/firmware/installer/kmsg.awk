# Records of /dev/kmsg as the JSON lines that Talos sends (talos.logging.kernel, KmsgLogConfig).
BEGIN {
  split("emerg alert crit err warning notice info debug", PRIORITY, " ")
  split("error error error error warn info info debug", LEVEL, " ")
}
/^ / { next }
{
  cut = index($0, ";")
  split(substr($0, 1, cut - 1), head, ",")
  text = substr($0, cut + 1)
  gsub(/\\/, "\\\\", text)
  gsub(/"/, "\\\"", text)
  gsub(/[\001-\037]/, " ", text)
  level = head[1] % 8 + 1
  printf "{\"clock\":%d,\"facility\":\"%s\",\"msg\":\"%s\",\"priority\":\"%s\",\"seq\":%d,\"talos-level\":\"%s\",\"talos-time\":\"%s\"}\n", \
    head[3], (head[1] >= 8 ? "user" : "kern"), text, PRIORITY[level], head[2], LEVEL[level], strftime("%Y-%m-%dT%H:%M:%SZ")
  fflush()
}
