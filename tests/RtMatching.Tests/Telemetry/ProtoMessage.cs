using System.Buffers.Binary;
using System.Text;

namespace RtMatching.Tests.Telemetry;

/// <summary>A protobuf message read without its schema, by field numbers. See https://protobuf.dev/programming-guides/encoding/.</summary>
internal sealed class ProtoMessage
{
    private readonly Dictionary<int, List<object>> _fields = [];

    public ProtoMessage(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var tag = Varint(ref bytes);
            Add((int)(tag >> 3), (tag & 7) switch
            {
                0 => Varint(ref bytes),
                1 => BinaryPrimitives.ReadUInt64LittleEndian(Take(ref bytes, 8)),
                2 => Take(ref bytes, (int)Varint(ref bytes)).ToArray(),
                5 => (ulong)BinaryPrimitives.ReadUInt32LittleEndian(Take(ref bytes, 4)),
                var wire => throw new FormatException($"wire type {wire}"),
            });
        }
    }

    public IEnumerable<ProtoMessage> Messages(int field) => Values(field).Select(value => new ProtoMessage((byte[])value));

    /// <summary>The messages at the end of a path of nested, repeated fields.</summary>
    public IEnumerable<ProtoMessage> Messages(int field, params int[] path) =>
        path.Aggregate(Messages(field), (messages, next) => messages.SelectMany(message => message.Messages(next)));

    public ProtoMessage Message(int field) => Messages(field).FirstOrDefault() ?? new ProtoMessage([]);

    public string Text(int field) => Values(field).FirstOrDefault() is byte[] bytes ? Encoding.UTF8.GetString(bytes) : "";

    public string Hex(int field) => Values(field).FirstOrDefault() is byte[] bytes ? Convert.ToHexStringLower(bytes) : "";

    /// <summary>An integer of any encoding; 0 where it is not there.</summary>
    public ulong Number(int field) => Values(field).FirstOrDefault() is ulong number ? number : 0;

    public double Real(int field) => BitConverter.UInt64BitsToDouble(Number(field));

    public bool Has(int field) => _fields.ContainsKey(field);

    private IReadOnlyList<object> Values(int field) => _fields.GetValueOrDefault(field, []);

    private void Add(int field, object value)
    {
        if (!_fields.TryGetValue(field, out var values)) _fields[field] = values = [];
        values.Add(value);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int length)
    {
        var taken = bytes[..length];
        bytes = bytes[length..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(ref bytes, 1)[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }
}
