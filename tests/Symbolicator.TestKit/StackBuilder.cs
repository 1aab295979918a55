using System.Buffers.Binary;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes a stack upwards from its lowest address, word by word, so that a test reads like a drawing of the stack.
/// </summary>
public sealed class StackBuilder(ulong start, int wordSize = 8)
{
    private readonly List<ulong> _words = [];

    public ulong Start => start;

    /// <summary>Address of the next word.</summary>
    public ulong Here => start + (ulong)(_words.Count * wordSize);

    public ulong End => Here;

    public StackBuilder Word(ulong value)
    {
        _words.Add(value);
        return this;
    }

    public StackBuilder Zeros(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _words.Add(0);
        }

        return this;
    }

    /// <summary>Replaces a word that was written before.</summary>
    public StackBuilder Set(ulong address, ulong value)
    {
        _words[(int)((address - start) / (ulong)wordSize)] = value;
        return this;
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[_words.Count * wordSize];
        for (int i = 0; i < _words.Count; i++)
        {
            if (wordSize == 8)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * 8), _words[i]);
            }
            else
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), unchecked((uint)_words[i]));
            }
        }

        return bytes;
    }

    /// <summary>The stack alone as memory of a process.</summary>
    public FakeMemory ToMemory() => new FakeMemory().Add(start, ToArray());
}
