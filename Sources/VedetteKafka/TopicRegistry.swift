import CRdKafka

/// Gives topics dense numbers, so that no name is compared or copied per record.
///
/// Every known topic's librdkafka object is held (`rd_kafka_topic_new`), so that its address, which records
/// carry, stays its own for the life of the client. There are few topics: a linear search is the fastest.
struct TopicRegistry {
    private let rk: OpaquePointer
    private var handles: [OpaquePointer] = []
    private(set) var names: [String] = []
    private var lastHandle: OpaquePointer?
    private var lastID = -1

    init(rk: OpaquePointer) { self.rk = rk }

    /// The number of the topic of a record.
    @inline(__always)
    mutating func id(ofTopic handle: OpaquePointer?) -> Int {
        guard let handle else { return -1 }
        if handle == lastHandle { return lastID }
        return search(handle)
    }

    private mutating func search(_ handle: OpaquePointer) -> Int {
        if let id = handles.firstIndex(of: handle) {
            lastHandle = handle
            lastID = id
            return id
        }
        guard let name = rd_kafka_topic_name(handle) else { return -1 }
        // Registering gives back the same object, now held; if it did not, only the cache would be missed.
        return register(String(cString: name)) ?? -1
    }

    /// The number of a topic, registering it if it is new; nil if librdkafka refuses the name.
    mutating func register(_ name: String) -> Int? {
        if let id = names.firstIndex(of: name) { return id }
        guard let handle = rd_kafka_topic_new(rk, name, nil) else { return nil }
        handles.append(handle)
        names.append(name)
        return handles.count - 1
    }

    /// librdkafka's object for a registered topic.
    func handle(_ id: Int) -> OpaquePointer { handles[id] }

    /// Lets go of the topics; must come before the client is destroyed.
    mutating func release() {
        for handle in handles { rd_kafka_topic_destroy(handle) }
        handles.removeAll()
        names.removeAll()
        lastHandle = nil
        lastID = -1
    }
}
