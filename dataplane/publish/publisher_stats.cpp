#include "publish/publisher_stats.h"

namespace spanlight {

void append_publisher_counters(const PublisherCounters& counters, std::vector<CounterValue>& out) {
  out.insert(out.end(),
             {
                 {"publisher_batches_sent_total", "", counters.batches_sent},
                 {"publisher_records_sent_total", "", counters.records_sent},
                 {"publisher_bytes_sent_total", "", counters.bytes_sent},
                 {"publisher_batches_unsent_total", "no_subscriber", counters.batches_no_subscriber},
                 {"publisher_batches_unsent_total", "high_water", counters.batches_high_water},
                 {"publisher_batches_unsent_total", "no_memory", counters.batches_no_memory},
                 {"publisher_batches_unsent_total", "bad_topic", counters.batches_bad_topic},
                 {"publisher_batches_unsent_total", "stopped", counters.batches_left},
                 {"publisher_batches_copied_total", "", counters.batches_copied},
                 {"publisher_copied_bytes", "", counters.copied_bytes},
                 {"publisher_hellos_sent_total", "", counters.hellos_sent},
                 {"publisher_stats_sent_total", "", counters.stats_sent},
                 {"publisher_subscriptions", "", counters.subscriptions},
                 {"publisher_connections", "", counters.connections},
                 {"publisher_handshakes_failed_total", "", counters.handshakes_failed},
                 {"publisher_clients_refused_total", "", counters.clients_refused},
             });
}

void append_pool_gauges(const BatchPool& pool, std::vector<CounterValue>& out) {
  const std::string worker = std::to_string(pool.worker());
  out.push_back({"publisher_batches_waiting", worker, pool.waiting()});
  out.push_back({"publisher_buffers_lent", worker, pool.lent()});
  out.push_back({"publisher_buffers_free", worker, pool.available()});
}

std::vector<MetricInfo> publisher_metric_infos() {
  return {
      {"publisher_batches_sent_total", "", "Batches that at least one subscriber's queue took."},
      {"publisher_records_sent_total", "", "Records in the batches sent."},
      {"publisher_bytes_sent_total", "", "Bytes of the batches sent, counted once however many subscribe."},
      {"publisher_batches_unsent_total", "cause",
       "Batches that went to nobody: no subscriber, every queue full, no memory for a copy, or the end."},
      {"publisher_batches_copied_total", "",
       "Batches copied because half of a worker's buffers hung in queues."},
      {"publisher_copied_bytes", "", "Bytes of copied batches that wait in subscribers' queues."},
      {"publisher_hellos_sent_total", "", "Hello messages sent to newcomers."},
      {"publisher_stats_sent_total", "", "Stats messages handed to ZeroMQ."},
      {"publisher_subscriptions", "", "Subscriptions in force to topics that exist."},
      {"publisher_connections", "", "Open connections of subscribers."},
      {"publisher_handshakes_failed_total", "",
       "Connections that did not pass the ZeroMQ or CURVE handshake."},
      {"publisher_clients_refused_total", "", "Connections refused because their CURVE key is not listed."},
      {"publisher_batches_waiting", "worker", "Batches that a worker has submitted and nobody has sent yet."},
      {"publisher_buffers_lent", "worker", "Batch buffers that hang in subscribers' queues."},
      {"publisher_buffers_free", "worker", "Batch buffers that a worker may take."},
  };
}

}  // namespace spanlight
