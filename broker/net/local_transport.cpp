#include "broker/net/local_transport.h"

#include <algorithm>
#include <deque>

namespace hw::broker {
namespace {

/// Maximum bytes in flight in one direction.
constexpr std::size_t kWindow = 1024 * 1024;

/// State of one end. Used on its shard only; the other end changes it by posts.
struct Side {
    explicit Side(Shard& place) : shard(place) {}

    Shard& shard;
    std::weak_ptr<Side> other;
    std::deque<Buffer> arrived;
    std::size_t read_of_first = 0;
    std::size_t under_way = 0;  ///< sent by this side and not yet read by the other
    bool open = true;
    Signal readable;
    Signal writable;

    void end() {
        open = false;
        readable.set();
        writable.set();
    }
};

class LocalTransport final : public Transport {
public:
    LocalTransport(std::shared_ptr<Side> side, Shard& other_shard, Endpoint name)
        : side_(std::move(side)), other_shard_(other_shard), name_(std::move(name)) {}
    ~LocalTransport() override { LocalTransport::close(); }

    Transfer try_read(MutableBytes into) override {
        if (side_->arrived.empty()) {
            return {side_->open ? Progress::would_block : Progress::closed, 0};
        }
        std::size_t taken = 0;
        while (!side_->arrived.empty() && taken < into.size()) {
            const ByteView first = side_->arrived.front().view().subspan(side_->read_of_first);
            const std::size_t count = std::min(first.size(), into.size() - taken);
            std::copy_n(first.begin(), count, into.begin() + static_cast<std::ptrdiff_t>(taken));
            taken += count;
            side_->read_of_first += count;
            if (count == first.size()) {
                side_->arrived.pop_front();
                side_->read_of_first = 0;
            }
        }
        tell_other([taken](Side& other) {
            other.under_way -= taken;
            other.writable.set();
        });
        return {Progress::done, taken};
    }

    Transfer try_write(std::span<const ByteView> slices) override {
        if (!side_->open) {
            return {Progress::closed, 0};
        }
        const std::size_t room = kWindow - side_->under_way;
        std::size_t offered = 0;
        for (const ByteView slice : slices) {
            offered += slice.size();
        }
        if (room == 0) {
            return {Progress::would_block, 0};
        }
        Buffer bytes(std::min(room, offered));
        std::size_t filled = 0;
        for (const ByteView slice : slices) {
            const std::size_t count = std::min(slice.size(), bytes.size() - filled);
            std::copy_n(slice.begin(), count, bytes.data() + filled);
            filled += count;
        }
        side_->under_way += filled;
        tell_other([bytes = std::move(bytes)](Side& other) mutable {
            other.arrived.push_back(std::move(bytes));
            other.readable.set();
        });
        return {Progress::done, filled};
    }

    Task<> wait_readable() override {
        const std::shared_ptr<Side> side = side_;
        while (side->open && side->arrived.empty()) {
            co_await side->shard.wait(side->readable, kNever);
        }
    }

    Task<> wait_writable() override {
        const std::shared_ptr<Side> side = side_;
        while (side->open && side->under_way == kWindow) {
            co_await side->shard.wait(side->writable, kNever);
        }
    }

    void close() override {
        if (side_->open) {
            side_->arrived.clear();
            side_->end();
            tell_other([](Side& other) { other.end(); });
        }
    }

    const Endpoint& local() const override { return name_; }
    const Endpoint& peer() const override { return name_; }

private:
    template <class Change>
    void tell_other(Change change) {
        other_shard_.post([other = side_->other, change = std::move(change)]() mutable {
            if (const std::shared_ptr<Side> side = other.lock(); side && side->open) {
                change(*side);
            }
        });
    }

    std::shared_ptr<Side> side_;
    Shard& other_shard_;
    Endpoint name_;
};

}  // namespace

LocalPair make_local_pair(Shard& first, Shard& second, const Endpoint& name) {
    auto a = std::make_shared<Side>(first);
    auto b = std::make_shared<Side>(second);
    a->other = b;
    b->other = a;
    return {std::make_unique<LocalTransport>(std::move(a), second, name),
            std::make_unique<LocalTransport>(std::move(b), first, name)};
}

}  // namespace hw::broker
