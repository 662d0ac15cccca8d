#include "port/pcap_file_port.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "port/frame_copy.h"
#include "port/link_type.h"

namespace spanlight {
namespace {

constexpr std::size_t kFileBufferBytes = 1'048'576;
// Shorter frames are copied: that is cheaper than a reference, and nothing of them is lent.
constexpr std::size_t kCopiedBytesMax = 128;

// Regular files have a size; pipes have none.
std::uint64_t file_bytes(const std::string& path) {
  struct stat status {};
  if (path == "-" || stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

std::string title(const std::string& path) {
  return path == "-" ? "the standard input" : path;
}

// What a file that is no capture may be, by its first bytes.
std::string no_capture(const std::string& path, std::FILE* file) {
  unsigned char head[4] = {};
  std::rewind(file);
  const bool whole = std::fread(head, 1, sizeof(head), file) == sizeof(head);
  const auto begins = [&](unsigned char a, unsigned char b) { return whole && head[0] == a && head[1] == b; };
  if (begins(0x1f, 0x8b)) return title(path) + " is compressed: unpack it with gunzip";
  if (begins(0x28, 0xb5)) return title(path) + " is compressed: unpack it with unzstd";
  if (begins(0xfd, '7')) return title(path) + " is compressed: unpack it with unxz";
  return title(path) + " is not a capture: it is neither pcap nor pcapng";
}

// What PcapReader can read: regular files, since it reads ahead and at any place.
std::optional<PcapFormat> plain_format(std::FILE* file) {
  struct stat status {};
  if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  // Where the standard input stands in a file that somebody else has begun to read.
  if (lseek(fileno(file), 0, SEEK_CUR) != 0) return std::nullopt;
  std::uint8_t head[kPcapHeadBytes] = {};
  const ssize_t n = pread(fileno(file), head, sizeof(head), 0);
  return n == static_cast<ssize_t>(sizeof(head)) ? pcap_format_of(head) : std::nullopt;
}

std::string open_fault(const std::string& path, std::FILE* file, const std::string& said) {
  if (said.find("unknown file format") != std::string::npos) return no_capture(path, file);
  if (said.find("truncated") != std::string::npos) {
    return title(path) + " is cut inside its file header: nothing can be read of it";
  }
  return title(path) + " cannot be read as a capture: " + said;
}

}  // namespace

PcapFileQueue::PcapFileQueue(std::vector<std::string> paths, std::string filter, rte_mempool* pool,
                             std::uint8_t port)
    : paths_(std::move(paths)), filter_text_(std::move(filter)), pool_(pool), port_(port) {
  for (const std::string& path : paths_) {
    const std::uint64_t bytes = file_bytes(path);
    const bool is_stream = bytes == 0 && path == "-";
    bytes_total_ += bytes;
    if (is_stream) {
      bytes_total_ = 0;
      break;
    }
  }
}

PcapFileQueue::~PcapFileQueue() = default;

std::FILE* PcapFileQueue::open_file(const std::string& path) {
  // A copy of the standard input's descriptor, since stdio's own stdin outlives our buffer.
  stream_.reset();
  const int descriptor = path == "-" ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  struct stat status {};
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) return fdopen(descriptor, "rb");
  stream_ = std::make_unique<StreamFile>(descriptor, interrupted_);
  return stream_->file();
}

std::string PcapFileQueue::open(const std::string& path) {
  struct stat status {};
  if (path != "-") {
    if (stat(path.c_str(), &status) != 0) return path + " cannot be opened: " + std::strerror(errno);
    if (S_ISDIR(status.st_mode)) return path + " is a directory: name a capture file";
    if (S_ISREG(status.st_mode) && status.st_size == 0) return path + " is empty";
  }
  File opened(open_file(path), &std::fclose);
  std::FILE* const file = opened.get();
  if (file == nullptr) return title(path) + " cannot be opened: " + std::strerror(errno);
  const std::optional<PcapFormat> format = blocks_.ok() && !stream_ ? plain_format(file) : std::nullopt;
  if (!format && !stream_) {
    // A large buffer, and no lock at each of the reads that a packet takes: one thread has this FILE.
    buffer_.resize(kFileBufferBytes);
    std::setvbuf(file, buffer_.data(), _IOFBF, buffer_.size());
    __fsetlocking(file, FSETLOCKING_BYCALLER);
  }
  const int first = format ? EOF : std::getc(file);
  if (first != EOF) std::ungetc(first, file);
  if (first == PcapngReader::kFirstByte) return open_pcapng(path, std::move(opened));
  return open_pcap(path, opened.release(), format);
}

std::string PcapFileQueue::open_pcap(const std::string& path, std::FILE* file,
                                     std::optional<PcapFormat> format) {
  char said[PCAP_ERRBUF_SIZE] = "";
  pcap_t* capture = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, said);
  if (capture == nullptr) {
    std::string fault =
        path != "-" || std::feof(file) == 0 ? open_fault(path, file, said) : title(path) + " is empty";
    std::fclose(file);
    return fault;
  }
  Capture opened(capture, &pcap_close);
  const int dlt = pcap_datalink(capture);
  Reading* const reading = reading_of(dlt);
  if (reading == nullptr) {
    return title(path) + " has " + describe_link_type(dlt) + ", which is not known here; known are " +
           kKnownLinkTypes;
  }
  if (!reading->fault.empty()) return title(path) + ": " + reading->fault;
  reading_ = reading;
  capture_ = std::move(opened);
  if (stream_) stream_->opened();
  // libpcap turns the numbers inside of NFLOG's packets as well.
  if (format && !(format->swapped && dlt == DLT_NFLOG)) {
    reader_ = std::make_unique<PcapReader>(fileno(file), *format,
                                           static_cast<std::uint32_t>(pcap_snapshot(capture)), blocks_);
  }
  return {};
}

std::string PcapFileQueue::open_pcapng(const std::string& path, File file) {
  auto reader = std::make_unique<PcapngReader>(file.get());
  if (!reader->open()) return open_fault(path, file.get(), reader->fault());
  Reading* const reading = reading_of(dlt_of_file(reader->first_link_type()));
  if (reading != nullptr && !reading->fault.empty()) return title(path) + ": " + reading->fault;
  reading_ = reading;
  file_ = std::move(file);
  if (stream_) stream_->opened();
  sections_ = std::move(reader);
  return {};
}

PcapFileQueue::Reading* PcapFileQueue::reading_of(int dlt) {
  for (Reading& each : readings_)
    if (each.dlt == dlt) return &each;
  const auto link = link_type_of(dlt);
  if (!link) return nullptr;
  Reading& made = readings_.emplace_back();
  made.dlt = dlt;
  made.link = *link;
  auto filter = BpfFilter::compile(filter_text_, dlt);
  if (std::string* fault = std::get_if<std::string>(&filter))
    made.fault = std::move(*fault);
  else
    made.filter = std::move(*std::get_if<BpfFilter>(&filter));
  return &made;
}

// For the frame read last, whose interface may be another than that of the one before.
void PcapFileQueue::choose_reading(int dlt) {
  if (reading_ != nullptr && reading_->dlt == dlt) return;
  const std::size_t known = readings_.size();
  reading_ = reading_of(dlt);
  if (readings_.size() > known && !reading_->fault.empty())
    add_fault(title(paths_[next_path_ - 1]) + ": " + reading_->fault);
}

bool PcapFileQueue::open_next() {
  while (next_path_ < paths_.size()) {
    const std::string& path = paths_[next_path_++];
    bytes_open_ = file_bytes(path);
    const std::string fault = open(path);
    if (fault.empty()) return true;
    bytes_closed_ += bytes_open_;
    add_fault(fault);
  }
  bytes_read_.store(bytes_closed_, std::memory_order_relaxed);
  state_.store(QueueState::ended, std::memory_order_release);
  return false;
}

void PcapFileQueue::add_fault(const std::string& sentence) {
  const std::lock_guard lock(faults_mutex_);
  if (!faults_.empty()) faults_ += "; ";
  faults_ += sentence;
}

std::string PcapFileQueue::faults() const {
  const std::lock_guard lock(faults_mutex_);
  return faults_;
}

std::string PcapFileQueue::read_fault() const {
  if (interrupted_.load(std::memory_order_relaxed)) return {};  // wherever it was
  if (reader_) return reader_->fault();
  if (sections_) return sections_->fault();
  return pcap_result_ == PCAP_ERROR ? pcap_geterr(capture_.get()) : "";
}

void PcapFileQueue::file_ended() {
  const std::string said = read_fault();
  const std::string name = title(paths_[next_path_ - 1]);
  if (said.find("truncated") != std::string::npos)
    add_fault(name + " is cut: its last packet is not whole (" + said + "); what came before was read");
  else if (!said.empty())
    add_fault(name + " is damaged (" + said + "); what came before was read");
  if (unknown_frames_ > 0)
    add_fault(name + " has packets of " + describe_link_type(unknown_dlt_) +
              " or another that is not known here; known are " + kKnownLinkTypes +
              "; left out: " + std::to_string(unknown_frames_));
  unknown_frames_ = 0;
  reader_.reset();
  capture_.reset();
  sections_.reset();
  file_.reset();
  bytes_closed_ += bytes_open_;
  open_next();
}

bool PcapFileQueue::read_frame() {
  if (reader_) return reader_->next(frame_);
  if (sections_) {
    PcapngPacket packet;
    if (!sections_->next(packet)) return false;
    frame_ = {.time = packet.time, .wire_bytes = packet.wire_bytes, .bytes = packet.bytes};
    const int dlt = dlt_of_file(packet.link_type);
    choose_reading(dlt);
    if (reading_ == nullptr && unknown_frames_++ == 0) unknown_dlt_ = dlt;
    return true;
  }
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  pcap_result_ = pcap_next_ex(capture_.get(), &header, &bytes);
  if (pcap_result_ != 1) return false;
  // Opened with nanoseconds: tv_usec holds them. Unsigned, since a hostile capture may name any second.
  frame_ = {
      .time = static_cast<TimeNs>(header->ts.tv_sec) * kSecondNs + static_cast<TimeNs>(header->ts.tv_usec),
      .wire_bytes = header->len,
      .bytes = {bytes, header->caplen}};
  return true;
}

bool PcapFileQueue::read_next() {
  while (is_open() && !must_wait()) {
    if (!read_frame()) {
      file_ended();
      continue;
    }
    count(received_, 1);
    count(received_bytes_, frame_.wire_bytes);
    if (reading_ == nullptr) {
      count(unknown_link_, 1);
      continue;
    }
    if (reading_->fault.empty() && reading_->filter.matches(frame_.bytes, frame_.wire_bytes)) return true;
    count(filtered_, 1);
  }
  return false;
}

rte_mbuf* PcapFileQueue::mbuf_of_frame() {
  const std::size_t n = frame_.bytes.size();
  if (frame_.block == nullptr || n <= kCopiedBytesMax || n > UINT16_MAX)
    return copy_frame(pool_, frame_.bytes);
  rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_);
  if (mbuf == nullptr) return nullptr;
  reader_->add_reference();
  attach_frame(*mbuf, *frame_.block, frame_.bytes.data(), static_cast<std::uint16_t>(n));
  return mbuf;
}

std::uint16_t PcapFileQueue::receive(rte_mbuf** out, std::uint16_t n, TimeNs) {
  std::uint16_t got = 0;
  while (got < n) {
    if (!pending_ && !read_next()) break;
    pending_ = true;
    rte_mbuf* mbuf = mbuf_of_frame();
    if (mbuf == nullptr) break;  // nothing is lost: the file waits until mbufs come back
    pending_ = false;
    frame_info(mbuf) = {
        .time = frame_.time,
        .wire_bytes = std::max(frame_.wire_bytes, static_cast<std::uint32_t>(frame_.bytes.size())),
        .port = port_,
        .link = reading_->link};
    out[got++] = mbuf;
  }
  if (reader_) reader_->settle();
  count(delivered_, got);
  if (is_open()) {
    // Of a FILE: kept by stdio, no system call.
    const auto at = reader_ ? static_cast<long>(reader_->position())
                            : std::ftell(sections_ ? file_.get() : pcap_file(capture_.get()));
    if (at > 0) bytes_read_.store(bytes_closed_ + static_cast<std::uint64_t>(at), std::memory_order_relaxed);
  }
  return got;
}

double PcapFileQueue::progress() const {
  if (bytes_total_ == 0) return -1;
  const auto read = static_cast<double>(bytes_read_.load(std::memory_order_relaxed));
  return std::min(1.0, read / static_cast<double>(bytes_total_));
}

PortCounters PcapFileQueue::counters() const {
  PortCounters counters;
  counters.received = received_.load(std::memory_order_relaxed);
  counters.received_bytes = received_bytes_.load(std::memory_order_relaxed);
  counters.filtered = filtered_.load(std::memory_order_relaxed);
  counters.unknown_link = unknown_link_.load(std::memory_order_relaxed);
  counters.delivered = delivered_.load(std::memory_order_relaxed);
  return counters;
}

}  // namespace spanlight
