// A complete Trapline emulator from the .proto files alone: a window of registers that hold what is written to them.
//
// A write stores its bytes, a read returns them, little endian. The numbers in the comments are the steps of the
// emulator's procedure in trapline/v1/emulator.proto.
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "trapline/v1/emulator.grpc.pb.h"
#include "trapline/v1/memory.grpc.pb.h"

namespace {

namespace api = trapline::v1;
using grpc::Status;
using grpc::StatusCode;

constexpr unsigned kCopy = 1;         // ioreq type: guest memory
constexpr unsigned kRedelivered = 1;  // mark: another run may have carried this out
constexpr int kRows = 4096;           // of one message

struct Options {
    std::vector<std::string> connect;
    uint32_t domid = 0;
    uint32_t id = 0;
    uint64_t generation = 0;
    std::string principal = "anonymous";
    uint64_t base = 0;
    uint64_t size = 4096;
    bool once = false;
};

void say(const std::string& text) { std::cerr << text << std::endl; }

// Trapline's word. Whatever else ends a stream (UNAVAILABLE, INTERNAL, CANCELLED ...) is a lost connection, to be resumed.
bool is_final(StatusCode code) {
    switch (code) {
        case StatusCode::ABORTED:
        case StatusCode::INVALID_ARGUMENT:
        case StatusCode::NOT_FOUND:
        case StatusCode::PERMISSION_DENIED:
        case StatusCode::UNAUTHENTICATED:
        case StatusCode::FAILED_PRECONDITION:
        case StatusCode::RESOURCE_EXHAUSTED:
        case StatusCode::UNIMPLEMENTED:
        case StatusCode::DATA_LOSS:
            return true;
        default:
            return false;
    }
}

// One row of an IoreqBatch. An empty column stands for its default.
struct Row {
    unsigned size, type;
    bool is_read, df, data_is_ptr, redelivered;
    uint64_t address, data, count;
    api::IoreqKey key;

    Row(const api::IoreqBatch& batch, int i) {
        const auto attributes = static_cast<unsigned char>(batch.attributes()[i]);
        size = 1u << (attributes & 3);
        is_read = attributes & 4;
        type = attributes >> 3 & 7;
        df = attributes & 64;
        data_is_ptr = attributes & 128;
        address = batch.address(i);
        data = batch.data_size() ? batch.data(i) : 0;
        count = batch.count_size() ? batch.count(i) : 1;
        redelivered = !batch.marks().empty() && (batch.marks()[i] & kRedelivered);
        key.set_vcpu(batch.vcpu_size() ? batch.vcpu(i) : 0);
        key.set_vcpu_epoch(batch.vcpu_epoch(i));
        key.set_sequence(batch.sequence(i));
        key.set_part(batch.part_size() ? batch.part(i) : 0);
    }
};

// The domain's pages, read and written on behalf of the server while it serves a row.
class Memory {
public:
    Memory(const std::shared_ptr<grpc::Channel>& channel, const Options& options, uint64_t session_epoch)
        : stub_(api::MemoryService::NewStub(channel)), options_(options), session_epoch_(session_epoch) {}

    Status read(const Row& row, uint64_t gpa, uint64_t size, std::string* data) {
        api::ReadMemoryRequest request;
        fill(request, row, gpa, size);
        api::ReadMemoryResponse response;
        grpc::ClientContext context;
        prepare(context);
        const Status status = stub_->ReadMemory(&context, request, &response);
        *data = response.data();
        return status;
    }

    Status write(const Row& row, uint64_t gpa, const std::string& data) {
        api::WriteMemoryRequest request;
        fill(request, row, gpa, data.size());
        request.set_data(data);
        api::WriteMemoryResponse response;
        grpc::ClientContext context;
        prepare(context);
        return stub_->WriteMemory(&context, request, &response);
    }

private:
    template <typename Request>
    void fill(Request& request, const Row& row, uint64_t gpa, uint64_t size) {
        request.set_domid(options_.domid);
        auto* server = request.mutable_on_behalf_of();
        server->set_id(options_.id);
        server->set_generation(options_.generation);
        server->set_session_epoch(session_epoch_);
        *server->add_serving() = row.key;
        request.add_gpa(gpa);
        request.add_size_bytes(static_cast<uint32_t>(size));
    }

    void prepare(grpc::ClientContext& context) {
        context.AddMetadata("trapline-principal", options_.principal);
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    }

    std::unique_ptr<api::MemoryService::Stub> stub_;
    const Options& options_;
    const uint64_t session_epoch_;
};

// The device: `size` bytes at guest physical address `base`. Outside of it reads return all ones and writes vanish.
class RegisterWindow {
public:
    RegisterWindow(uint64_t base, uint64_t size) : base_(base), bytes_(size, '\0') {}

    // Does what one row asks. Storing again what was stored is harmless, so `redelivered` is not looked at; a device with
    // effects outside would look at what it has on disk first.
    Status carry_out(const Row& row, Memory& memory, uint64_t* answer) {
        *answer = 0;
        const uint64_t length = row.count * row.size;
        // Repetitions ascend from `address`, or with df descend from it. Registers that only hold do not mind the order,
        // so all of them are one block; a FIFO would go through them one by one.
        const uint64_t below = row.df ? length - row.size : 0;
        const uint64_t at = row.address - below - base_;
        const bool inside = row.type == kCopy && at < bytes_.size() && length <= bytes_.size() - at;
        if (row.is_read) {
            const std::string block = inside ? bytes_.substr(at, length) : std::string(length, '\xff');
            if (row.data_is_ptr) {
                return memory.write(row, row.data - below, block);
            }
            const uint64_t last = row.df ? 0 : length - row.size;
            for (unsigned i = 0; i < row.size; i++) {
                *answer |= static_cast<uint64_t>(static_cast<unsigned char>(block[last + i])) << 8 * i;
            }
            return Status::OK;
        }
        std::string block;
        if (row.data_is_ptr) {
            const Status status = memory.read(row, row.data - below, length, &block);
            if (!status.ok()) {
                return status;
            }
        } else {
            for (uint64_t i = 0; i < length; i++) {
                block.push_back(static_cast<char>(row.data >> 8 * (i % row.size)));
            }
        }
        if (inside) {
            bytes_.replace(at, length, block);
        }
        return Status::OK;
    }

private:
    const uint64_t base_;
    std::string bytes_;
};

// What this run has carried out and what is not settled yet (step 6).
class KeptAnswers {
public:
    using Lane = std::map<std::pair<uint64_t, uint32_t>, uint64_t>;  // (sequence, part) -> answer

    // The answers of one life of a vCPU; null when a younger life of it is known.
    Lane* lane(uint32_t vcpu, uint64_t epoch) {
        auto& [known, answers] = lanes_[vcpu];
        if (known < epoch) {
            known = epoch;
            answers.clear();
        }
        return known == epoch ? &answers : nullptr;
    }

    template <typename Columns, typename Epochs, typename Throughs>
    void settle(const Columns& vcpus, const Epochs& epochs, const Throughs& throughs) {
        for (int i = 0; i < vcpus.size(); i++) {
            if (Lane* answers = lane(vcpus[i], epochs[i])) {
                answers->erase(answers->begin(), answers->upper_bound({throughs[i], UINT32_MAX}));
            }
        }
    }

    // At most kRows rows each, at least one message, all but the last with `more`.
    std::vector<api::KeptRows> messages() const {
        std::vector<api::KeptRows> messages(1);
        for (const auto& [vcpu, life] : lanes_) {
            for (const auto& [name, answer] : life.second) {
                if (messages.back().sequence_size() == kRows) {
                    messages.back().set_more(true);
                    messages.emplace_back();
                }
                auto& rows = messages.back();
                rows.add_vcpu(vcpu);
                rows.add_vcpu_epoch(life.first);
                rows.add_sequence(name.first);
                rows.add_part(name.second);
                rows.add_data(answer);
            }
        }
        return messages;
    }

private:
    std::map<uint32_t, std::pair<uint64_t, Lane>> lanes_;
};

// Serves one server through any number of connections.
class Emulator {
public:
    explicit Emulator(const Options& options) : options_(options), device_(options.base, options.size) {
        std::random_device random;
        run_ = (static_cast<uint64_t>(random()) << 32 | random()) | 1;  // step 1
    }

    // Ends when stopped, with --once when a connection ends, or by what is final.
    int serve() {
        auto wait = std::chrono::milliseconds(100);
        for (size_t attempt = 0;; attempt++) {
            const std::string& address = options_.connect[attempt % options_.connect.size()];
            const uint64_t before = sessions_;
            const Status status = session(address);
            if (stopped()) {
                return 0;
            }
            if (is_final(status.error_code())) {  // step 9
                say("refused: " + status.error_message());
                return 3;
            }
            say("connection to " + address + " lost: " + status.error_message());
            if (options_.once) {
                return 0;
            }
            wait = sessions_ > before ? std::chrono::milliseconds(100) : std::min(2 * wait, std::chrono::milliseconds(2000));
            std::this_thread::sleep_for(wait);
        }
    }

    // From another thread: ends the stream and then serve().
    void stop() {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopped_ = true;
        if (stream_) {
            stream_->TryCancel();
        }
    }

    void print_summary() const {
        std::printf("{\"sessions\": %llu, \"carried_out\": %llu, \"repeated\": %llu, \"redelivered\": %llu}\n",
                    sessions_, carried_out_, repeated_, redelivered_);
        std::fflush(stdout);
    }

private:
    bool stopped() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return stopped_;
    }

    // Cancelled at once when stop() came first.
    void announce(grpc::ClientContext* stream) {
        const std::lock_guard<std::mutex> lock(mutex_);
        stream_ = stream;
        if (stopped_ && stream_) {
            stream_->TryCancel();
        }
    }

    Status session(const std::string& address) {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
        arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own, not the one that was lost
        const auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
        const auto stub = api::EmulatorService::NewStub(channel);
        grpc::ClientContext context;
        context.AddMetadata("trapline-principal", options_.principal);
        const auto stream = stub->Attach(&context);
        announce(&context);
        const Status status = converse(address, channel, context, *stream);
        announce(nullptr);
        return status;
    }

    Status converse(const std::string& address, const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context,
                    grpc::ClientReaderWriter<api::AttachRequest, api::AttachResponse>& stream) {
        const auto kept = kept_.messages();
        for (size_t i = 0; i < kept.size(); i++) {  // steps 2 and 8
            api::AttachRequest request;
            if (i == 0) {
                auto* attach = request.mutable_attach();
                attach->set_domid(options_.domid);
                attach->set_id(options_.id);
                attach->set_generation(options_.generation);
                attach->set_run(run_);
                attach->set_mode(api::ATTACH_MODE_ACTIVE);
                attach->set_resume(sessions_ > 0);
                attach->set_credit(kRows);
                *attach->mutable_kept() = kept[i];
            } else {
                *request.mutable_kept() = kept[i];
            }
            stream.Write(request);
        }
        std::unique_ptr<Memory> memory;
        api::AttachResponse response;
        while (stream.Read(&response)) {
            switch (response.response_case()) {
                case api::AttachResponse::kAttached: {  // step 3
                    const uint64_t epoch = response.attached().session_epoch();
                    sessions_++;
                    memory = std::make_unique<Memory>(channel, options_, epoch);
                    say("attached: session " + std::to_string(epoch) + " at " + address);
                    break;
                }
                case api::AttachResponse::kIoreqs: {  // step 4
                    api::AttachRequest request;
                    const Status status = answer(response.ioreqs(), *memory, *request.mutable_answers());
                    if (!status.ok()) {  // attach again; the row is not kept, so it comes again
                        context.TryCancel();
                        stream.Finish();
                        return status;
                    }
                    if (request.answers().sequence_size() > 0) {
                        stream.Write(request);
                    }
                    break;
                }
                case api::AttachResponse::kSettled:
                    kept_.settle(response.settled().vcpu(), response.settled().vcpu_epoch(), response.settled().through());
                    break;
                case api::AttachResponse::kRejected:
                    say("our message was malformed: " + response.rejected().status().message());
                    std::exit(1);
                default:
                    break;
            }
        }
        return stream.Finish();
    }

    // Carries out each row once and keeps its answer before it is sent (steps 5 and 6).
    Status answer(const api::IoreqBatch& batch, Memory& memory, api::AnswerRows& answers) {
        std::string given_up;
        for (int i = 0; i < batch.sequence_size(); i++) {
            const Row row(batch, i);
            auto* lane = kept_.lane(row.key.vcpu(), row.key.vcpu_epoch());
            if (!lane) {
                continue;
            }
            const auto name = std::make_pair(row.key.sequence(), row.key.part());
            bool is_given_up = false;
            if (lane->count(name)) {
                repeated_++;
            } else {
                uint64_t value = 0;
                const Status status = device_.carry_out(row, memory, &value);
                is_given_up = status.error_code() == StatusCode::ABORTED;  // completed otherwise
                // INVALID_ARGUMENT: the buffer lies where no memory is; the answer stays 0.
                if (!status.ok() && !is_given_up && status.error_code() != StatusCode::INVALID_ARGUMENT) {
                    return status;
                }
                if (!is_given_up) {
                    (*lane)[name] = value;
                    carried_out_++;
                    redelivered_ += row.redelivered;
                }
            }
            answers.add_vcpu(row.key.vcpu());
            answers.add_vcpu_epoch(row.key.vcpu_epoch());
            answers.add_sequence(row.key.sequence());
            answers.add_part(row.key.part());
            answers.add_data(is_given_up ? 0 : (*lane)[name]);
            given_up.push_back(is_given_up ? 1 : 0);
        }
        answers.set_given_up(given_up);
        kept_.settle(batch.settled_vcpu(), batch.settled_vcpu_epoch(), batch.settled_through());
        return Status::OK;
    }

    const Options options_;
    uint64_t run_;
    RegisterWindow device_;
    KeptAnswers kept_;
    unsigned long long sessions_ = 0, carried_out_ = 0, repeated_ = 0, redelivered_ = 0;
    std::mutex mutex_;
    bool stopped_ = false;
    grpc::ClientContext* stream_ = nullptr;
};

Options parse(int argc, char** argv) {
    std::map<std::string, std::string> given;
    Options options;
    for (int i = 1; i < argc; i++) {
        if (argv[i] == std::string("--once")) {
            options.once = true;
        } else if (i + 1 < argc) {
            given[argv[i]] = argv[i + 1];
            i++;
        }
    }
    for (const char* name : {"--connect", "--domid", "--id", "--generation"}) {
        if (!given.count(name)) {
            say("usage: emulator --connect HOST:PORT[,...] --domid N --id N --generation N [--principal NAME] [--base GPA]"
                " [--size BYTES] [--once]");
            std::exit(2);
        }
    }
    const auto number = [&](const char* name, uint64_t otherwise) {
        return given.count(name) ? std::stoull(given[name], nullptr, 0) : otherwise;
    };
    std::string::size_type start = 0, comma;
    const std::string& addresses = given["--connect"];
    do {
        comma = addresses.find(',', start);
        options.connect.push_back(addresses.substr(start, comma - start));
        start = comma + 1;
    } while (comma != std::string::npos);
    options.domid = static_cast<uint32_t>(number("--domid", 0));
    options.id = static_cast<uint32_t>(number("--id", 0));
    options.generation = number("--generation", 0);
    options.base = number("--base", 0);
    options.size = number("--size", 4096);
    if (given.count("--principal")) {
        options.principal = given["--principal"];
    }
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    Emulator emulator(parse(argc, argv));
    // All threads leave these signals to the one that waits for them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([&emulator, signals] {
        int signal;
        sigwait(&signals, &signal);
        emulator.stop();
    }).detach();
    const int status = emulator.serve();
    emulator.print_summary();
    // Without destructors: the waiting thread still refers to the emulator.
    std::_Exit(status);
}
