#include "broker/replicas/read_places.h"

#include <utility>

namespace hw::broker {

ReadPlaces::Reader::~Reader() {
    for (auto entry = places_.entries_.begin(); entry != places_.entries_.end();) {
        const auto next = std::next(entry);
        if (entry->key.reader == this) {
            places_.remove(entry);
        }
        entry = next;
    }
}

storage::ReadCursor ReadPlaces::Reader::take(const ReplicaPtr& replica) {
    const auto found = places_.by_key_.find({this, replica.get()});
    if (found == places_.by_key_.end()) {
        return {};
    }
    return std::exchange(found->second->place, {});
}

void ReadPlaces::Reader::keep(const ReplicaPtr& replica, storage::ReadCursor place) {
    const Key key{this, replica.get()};
    const auto found = places_.by_key_.find(key);
    if (found != places_.by_key_.end()) {
        std::list<Entry>& entries = places_.entries_;
        entries.splice(entries.begin(), entries, found->second);
        entries.front().place = std::move(place);
        return;
    }
    if (place.file == nullptr) {
        return;
    }
    places_.entries_.push_front({key, replica, std::move(place)});
    places_.by_key_.emplace(key, places_.entries_.begin());
    if (places_.entries_.size() > kMax) {
        places_.remove(std::prev(places_.entries_.end()));
    }
}

void ReadPlaces::forget(const HostedReplica& replica) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto next = std::next(entry);
        if (entry->key.replica == &replica) {
            remove(entry);
        }
        entry = next;
    }
}

void ReadPlaces::remove(std::list<Entry>::iterator entry) {
    by_key_.erase(entry->key);
    entries_.erase(entry);
}

}  // namespace hw::broker
