// A large file as the parts that the API planned. Pure.

/** Parts are numbered from 1; all have `partSize` bytes but the last. */
export class PartPlan {
  constructor({ size, partSize, partCount }) {
    this.size = size;
    this.partSize = partSize;
    this.partCount = partCount;
  }

  start(number) {
    return (number - 1) * this.partSize;
  }

  length(number) {
    return Math.min(this.partSize, this.size - this.start(number));
  }

  /** What S3 holds whole, as number → etag: a part of another length was cut short or is another file's. */
  whole(held) {
    const good = held.filter(({ partNumber, size }) => partNumber <= this.partCount && size === this.length(partNumber));
    return new Map(good.map(({ partNumber, etag }) => [partNumber, etag]));
  }

  /** Numbers that are not in `sent` yet, in order. */
  missing(sent) {
    return Array.from({ length: this.partCount }, (_, index) => index + 1).filter((number) => !sent.has(number));
  }

  bytesOf(numbers) {
    let bytes = 0;
    for (const number of numbers) bytes += this.length(number);
    return bytes;
  }
}
