/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Spanish for what is not a text of the page itself: the words of facts, and what the statement says in sentences.
 */
#include <stdio.h>
#include <string.h>

#include "casework/page_parts.h"
#include "support/cleanup.h"

/* Names and values of facts (decision/facts.h): a test looks that each has its word. */
static const struct {
    const char *word, *spanish;
} fact_words[] = {
    {"subject", "sujeto"},
    {"official-type", "cargo"},
    {"agency-kind", "clase de organismo"},
    {"operator", "operador"},
    {"tool-class", "clase de herramienta"},
    {"capability", "capacidad"},
    {"match", "reconocida por"},
    {"host-owner", "dueño del equipo"},
    {"device", "dispositivo"},
    {"action", "acción"},
    {"request", "solicitud"},
    {"route", "vía"},
    {"authority", "fundamento"},
    {"scope", "alcance"},
    {"evidence", "prueba"},
    {"view", "copia del directorio"},
    {"clock", "reloj"},
    {"trail", "registro"},
    {"gate", "control del núcleo"},
    {"unknown", "desconocido"},
    {"no-login", "sin inicio de sesión"},
    {"outside", "externo"},
    {"official", "funcionario"},
    {"dual", "doble función"},
    {"official-behind", "funcionario detrás"},
    {"official-account", "cuenta de funcionario"},
    {"none", "ninguno"},
    {"elected", "electo"},
    {"appointed", "designado"},
    {"employee", "empleado"},
    {"contractor", "contratista"},
    {"volunteer", "voluntario"},
    {"intern", "pasante"},
    {"auxiliary", "auxiliar"},
    {"requester", "solicitante"},
    {"performer", "ejecutor"},
    {"performer-requester", "ejecutor y solicitante"},
    {"no", "no"},
    {"yes", "sí"},
    {"face-surveillance", "vigilancia facial"},
    {"user-authentication", "autenticación de usuario"},
    {"redaction-only", "sólo difuminado"},
    {"evidence-viewer", "visor de pruebas"},
    {"frt-component", "componente"},
    {"not-frt", "no es reconocimiento facial"},
    {"unstated", "no declarada"},
    {"detection", "detección"},
    {"recognition", "reconocimiento"},
    {"named", "nombre"},
    {"path", "ruta"},
    {"digest", "huella"},
    {"package", "paquete"},
    {"city", "ciudad"},
    {"shared", "compartido"},
    {"assigned", "asignado"},
    {"assigned-other", "asignado a otro"},
    {"login", "iniciar sesión"},
    {"open", "abrir"},
    {"exec", "ejecutar"},
    {"obtain", "obtener"},
    {"retain", "conservar"},
    {"file", "presentar"},
    {"not-found", "no encontrada"},
    {"not-yet", "todavía no"},
    {"expired", "vencida"},
    {"withdrawn", "retirada"},
    {"incomplete", "incompleta"},
    {"wrong-recipient", "otro destinatario"},
    {"other-agency", "otro organismo"},
    {"by-official", "de un funcionario"},
    {"unfit-requester", "solicitante no apto"},
    {"other-tool", "otra herramienta"},
    {"on-file", "archivada"},
    {"several", "varias"},
    {"order", "orden judicial"},
    {"deceased", "persona fallecida"},
    {"emergency", "emergencia"},
    {"missing", "falta"},
    {"unfit-issuer", "emisor no apto"},
    {"not-in-force", "no vigente"},
    {"other-case", "otro expediente"},
    {"no-limb", "sin supuesto"},
    {"living", "viva"},
    {"no-basis", "sin base"},
    {"unbounded", "sin límites"},
    {"in-force", "vigente"},
    {"exhausted", "agotado"},
    {"within", "dentro"},
    {"undeclared", "no declarada"},
    {"solicited", "pedida"},
    {"unsolicited", "no pedida"},
    {"never-loaded", "nunca cargada"},
    {"stale", "no actualizada"},
    {"fresh", "actualizada"},
    {"went-back", "retrocedió"},
    {"good", "bueno"},
    {"unwritable", "no se puede escribir"},
    {"ready", "listo"},
    {"absent", "ausente"},
    {"not-enforcing", "no bloquea"},
    {"enforcing", "bloquea"},
};

/* Parts of sentences, the longer before those they begin with. Names, numbers and digests between them stay as they are. */
static const struct {
    const char *english, *spanish;
} phrases[] = {
    {"everything in the trail", "todo el registro"},
    {" until before ", " hasta antes de "},
    {"none: no decision in the period", "ninguna: no hay decisiones en el período"},
    {"none given", "no se dio ninguno"},
    {" decisions of the period; the trail holds ", " decisiones del período; el registro contiene "},
    {" decisions in ", " decisiones en "},
    {" sealed records", " anotaciones selladas"},
    {", all of them read", ", todas leídas"},
    {" without a seal and ", " sin sello y "},
    {" unreadable lines left out", " líneas ilegibles omitidas"},
    {" decisions)", " decisiones)"},
    {" entries of ", " entradas de "},
    {" LDIF files ", " archivos LDIF "},
    {", some of them not readable", ", algunas ilegibles"},
    {"unknown origin", "origen desconocido"},
    {", host ", ", equipo "},
    {" trails asked as one; a person counts once on however many hosts",
     " registros consultados como uno; cada persona cuenta una vez, en cuantos equipos sea"},
    {"; its record n is ", "; su anotación n es "},
    {" + n here", " + n aquí"},
    {"not checked in this run (--no-verify)", "no se comprobó esta vez (--no-verify)"},
    {"whole up to the last seal, unsealed bytes behind it",
     "íntegra hasta el último sello, con bytes sin sellar detrás"},
    {"whole", "íntegra"},
    {"ALTERED", "ALTERADA"},
    {"CUT SHORT", "CORTADA"},
    {"not verified", "no comprobada"},
    {" (the worst of ", " (la peor de "},
    {" trails; each is stated by itself)", " registros; cada uno consta por separado)"},
    {" records under ", " anotaciones bajo "},
    {" seals, tree root ", " sellos, raíz del árbol "},
    {"the first key was read beside the log", "la primera clave se leyó junto al registro"},
    {"against the first key given", "con la primera clave dada"},
    {"not recorded: this is a copy, not the trail that frtd writes on this host",
     "no anotada: es una copia, no el registro que frtd escribe en este equipo"},
    {"not recorded: frtd does not run", "no anotada: frtd no funciona"},
    {"not recorded", "no anotada"},
    {"recorded as ", "anotada como "},
};

const char *frt_page_fact_word(const char *word)
{
    for (size_t i = 0; i < FRT_ARRAY_LEN(fact_words); i++)
        if (strcmp(fact_words[i].word, word) == 0)
            return fact_words[i].spanish;
    return NULL;
}

bool frt_page_fact_word_at(size_t i, const char **ret_word, const char **ret_spanish)
{
    if (i >= FRT_ARRAY_LEN(fact_words))
        return false;
    *ret_word = fact_words[i].word;
    *ret_spanish = fact_words[i].spanish;
    return true;
}

/* What the sentence goes on with here; NULL: something that stays. */
static const char *translate_here(const char *text, size_t *ret_length)
{
    for (size_t i = 0; i < FRT_ARRAY_LEN(phrases); i++) {
        size_t length = strlen(phrases[i].english);

        if (strncmp(text, phrases[i].english, length) != 0)
            continue;
        *ret_length = length;
        return phrases[i].spanish;
    }
    return NULL;
}

void frt_page_sentence(const char *english, char *buffer, size_t size)
{
    size_t used = 0, length = 0;

    buffer[0] = '\0';
    if (strcmp(english, "none") == 0) {
        snprintf(buffer, size, "ninguno");
        return;
    }
    if (strncmp(english, "from ", 5) == 0) {
        used = (size_t)snprintf(buffer, size, "desde ");
        english += 5;
    }
    while (*english && used + 1 < size) {
        const char *spanish = translate_here(english, &length);

        if (!spanish) {
            buffer[used++] = *english++;
            buffer[used] = '\0';
            continue;
        }
        used += (size_t)snprintf(buffer + used, size - used, "%s", spanish);
        english += length;
    }
}
