/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "casework/page_parts.h"
#include "casework/safe_text.h"
#include "support/cleanup.h"

/* Words the script needs too carry their key into the page. */
static const struct {
    const char *key, *words[FRT_PAGE_LANGUAGES];
} table[] = {
    {"locale", {"en-US", "es-US"}},
    {"title",
     {"Facial recognition tools: report on the trail",
      "Herramientas de reconocimiento facial: informe del registro"}},
    {"skip", {"Skip to the decisions", "Ir a las decisiones"}},
    {"verification", {"Is this trail genuine?", "¿Es auténtico este registro?"}},
    {"chain_ok",
     {"The chain verifies: nothing that was answered was changed, removed or reordered.",
      "La cadena es íntegra: nada de lo respondido fue cambiado, borrado ni reordenado."}},
    {"chain_unsealed",
     {"The chain verifies up to its last seal; behind it are bytes of an interrupted commit.",
      "La cadena es íntegra hasta su último sello; detrás hay bytes de una escritura interrumpida."}},
    {"chain_bad",
     {"THE CHAIN DOES NOT VERIFY. Nothing below is proof of anything.",
      "LA CADENA NO ES ÍNTEGRA. Nada de lo que sigue prueba algo."}},
    {"chain_unchecked",
     {"The chain was not checked when this page was made.",
      "La cadena no se comprobó al hacer esta página."}},
    {"statement", {"What this page rests on", "En qué se basa esta página"}},
    {"decisions", {"Decisions", "Decisiones"}},
    {"decision", {"Decision", "Decisión"}},
    {"verdict_deny", {"denied", "denegado"}},
    {"verdict_allow", {"allowed", "permitido"}},
    {"verdict_exempt", {"exempt", "exento"}},
    {"verdict_not-governed", {"not governed", "no regulado"}},
    {"people", {"people", "personas"}},
    {"over_time", {"Decisions over time", "Decisiones en el tiempo"}},
    {"as_table", {"The same as a table", "Lo mismo como tabla"}},
    {"hour", {"hour", "hora"}},
    {"day", {"day", "día"}},
    {"week", {"week", "semana"}},
    {"month", {"month", "mes"}},
    {"by_department",
     {"Denials of city officials, by department and official type",
      "Denegaciones a funcionarios de la ciudad, por departamento y cargo"}},
    {"by_tool", {"Denials by tool", "Denegaciones por herramienta"}},
    {"by_rule", {"Denials by rule", "Denegaciones por regla"}},
    {"roads", {"Roads taken: how attempts were met", "Caminos: por dónde llegaron los intentos"}},
    {"department", {"department", "departamento"}},
    {"official_type", {"official type", "cargo"}},
    {"denials", {"denials", "denegaciones"}},
    {"all", {"all", "todas"}},
    {"road", {"road", "camino"}},
    {"attempts", {"attempts", "intentos"}},
    {"road_pam", {"login and other services (PAM)", "inicio de sesión y otros servicios (PAM)"}},
    {"road_guard", {"kernel gate (exec, open)", "control del núcleo (ejecutar, abrir)"}},
    {"road_cli", {"command line", "línea de órdenes"}},
    {"coverage", {"Was anybody watching?", "¿Había vigilancia?"}},
    {"coverage_unknown",
     {"The trail holds no heartbeat, so it cannot be told whether anybody was watching between its records.",
      "El registro no contiene latidos: no se puede decir si hubo vigilancia entre sus anotaciones."}},
    {"show", {"Show them", "Mostrarlas"}},
    {"coverage_none",
     {"No period without coverage was found.", "No se encontró ningún período sin vigilancia."}},
    {"from", {"from", "desde"}},
    {"until", {"until", "hasta"}},
    {"state", {"state", "estado"}},
    {"why", {"why", "motivo"}},
    {"frtd not running", {"frtd not running", "frtd no funcionaba"}},
    {"no sign of life", {"no sign of life", "sin señales de vida"}},
    {"no kernel gate", {"no kernel gate", "sin control del núcleo"}},
    {"not enforcing", {"gate not enforcing", "el control no bloqueaba"}},
    {"directory not fresh", {"directory not fresh", "directorio no actualizado"}},
    {"emergencies", {"Emergency cases", "Casos de emergencia"}},
    {"emergencies_waiting",
     {"wait for their human review (frt request review)", "esperan su revisión humana (frt request review)"}},
    {"emergencies_none",
     {"No search was allowed on the emergency route.",
      "No se permitió ninguna búsqueda por la vía de emergencia."}},
    {"exceptions", {"Exceptions: what must be zero", "Excepciones: lo que debe ser cero"}},
    {"question", {"question", "pregunta"}},
    {"result", {"result", "resultado"}},
    {"none_found", {"none", "ninguna"}},
    {"found", {"found", "encontradas"}},
    {"not_answered", {"not answered", "sin respuesta"}},
    {"all_decisions", {"All decisions", "Todas las decisiones"}},
    {"newest",
     {"Only the newest are listed here; the numbers above are over all of them.",
      "Aquí sólo figuran las más recientes; los números de arriba son de todas."}},
    {"keys",
     {"Arrow keys, Page Up and Down, Home and End move; Enter shows one decision; Escape closes it.",
      "Las flechas, Re Pág, Av Pág, Inicio y Fin mueven; Intro muestra una decisión; Escape la cierra."}},
    {"search", {"Search", "Buscar"}},
    {"any", {"any", "cualquiera"}},
    {"clear", {"Clear", "Borrar"}},
    {"showing", {"%1 of %2 decisions", "%1 de %2 decisiones"}},
    {"printed", {"The first %1 of %2 decisions.", "Las primeras %1 de %2 decisiones."}},
    {"number", {"no.", "n.º"}},
    {"time", {"time (UTC)", "hora (UTC)"}},
    {"person", {"person", "persona"}},
    {"tool", {"tool", "herramienta"}},
    {"action", {"action", "acción"}},
    {"verdict", {"verdict", "resultado"}},
    {"rule", {"rule", "regla"}},
    {"request", {"request", "solicitud"}},
    {"reason", {"reason", "motivo"}},
    {"roles", {"roles then", "cargos entonces"}},
    {"acting_as", {"acting as", "actuando como"}},
    {"what", {"what", "qué"}},
    {"host", {"host", "equipo"}},
    {"evidence", {"evidence item", "prueba"}},
    {"obligations", {"obligations", "obligaciones"}},
    {"line", {"line", "línea"}},
    {"citation", {"citation", "cita"}},
    {"message", {"message", "mensaje"}},
    {"layers", {"layers", "niveles"}},
    {"facts", {"Facts, as they were", "Hechos, como eran"}},
    {"chain", {"Place in the chain", "Lugar en la cadena"}},
    {"prove", {"These commands prove this record:", "Estas órdenes prueban este registro:"}},
    {"no_policy",
     {"not at hand: this page was made without the edition it was decided under",
      "no disponible: esta página se hizo sin la edición con que se decidió"}},
    {"none", {"(none)", "(ninguno)"}},
    {"close", {"Close", "Cerrar"}},
    {"footer",
     {"Made by frtgate from the trail alone. frt verify proves the trail; frt ask answers thirty-two "
      "questions about it.",
      "Hecho por frtgate sólo a partir del registro. frt verify prueba el registro; frt ask responde treinta "
      "y dos preguntas sobre él."}},
    {"noscript",
     {"The table of decisions needs JavaScript; all else on this page does not.",
      "La tabla de decisiones necesita JavaScript; todo lo demás de esta página no."}},
    {"factual_basis", {"factual basis", "base fáctica"}},
    {"harm", {"harm", "daño"}},
    {"hours_to_review", {"hours to review", "horas hasta la revisión"}},
    {"reviewed_by", {"reviewed by", "revisado por"}},
    {"finding", {"finding", "conclusión"}},
    {"order_that_followed", {"order that followed", "orden posterior"}},
    {"exception", {"exception", "excepción"}},
    {"searches", {"searches", "búsquedas"}},
    {"maximum", {"maximum", "máximo"}},
    {"days", {"days", "días"}},
    {"performers", {"performers", "operadores"}},
    {"reviewed_on", {"reviewed on", "revisado el"}},
    {"q2", {"Q2", "¿Se permitió algo sin una solicitud archivada en ese instante? (debe ser cero)"}},
    {"q3", {"Q3", "¿Se permitió algo con una solicitud a un destinatario fuera de los tres organismos?"}},
    {"q4", {"Q4", "¿Se permitió algo con una orden vencida, no iniciada o de otro expediente?"}},
    {"q7",
     {"Q7",
      "¿Se permitió algo por la vía de «persona fallecida» si luego consta viva o falta la declaración?"}},
    {"q17", {"Q17", "Herramientas de difuminado cuya huella cambió desde la revisión"}},
    {"q20",
     {"Q20", "Búsquedas por encima del máximo; solicitudes usadas en varios días o por varios operadores"}},
    {"s_period", {"period", "período"}},
    {"s_filters", {"filters", "filtros"}},
    {"s_policy", {"policy", "política"}},
    {"s_directory", {"directory", "directorio"}},
    {"s_considered", {"considered", "considerado"}},
    {"s_trail", {"trail", "registro"}},
    {"s_chain", {"chain", "cadena"}},
    {"s_reading", {"reading", "lectura"}},
    {"s_times", {"times", "horas"}},
    {"s_made", {"made", "hecho"}},
    {"s_by", {"by", "por"}},
    {"s_query", {"query", "consulta"}},
};

int frt_page_language_find(const char *name)
{
    static const char *const names[FRT_PAGE_LANGUAGES] = {"en", "es"};

    for (int i = 0; i < FRT_PAGE_LANGUAGES; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

bool frt_page_word_at(size_t i, const char **ret_key, const char *ret_words[FRT_PAGE_LANGUAGES])
{
    if (i >= FRT_ARRAY_LEN(table))
        return false;
    *ret_key = table[i].key;
    for (size_t k = 0; k < FRT_PAGE_LANGUAGES; k++)
        ret_words[k] = table[i].words[k];
    return true;
}

const char *frt_page_word(const struct frt_page *page, const char *key)
{
    for (size_t i = 0; i < FRT_ARRAY_LEN(table); i++)
        if (strcmp(table[i].key, key) == 0)
            return table[i].words[page->options->language];
    return key;
}

void frt_page_say(const struct frt_page *page, const char *key)
{
    frt_html_write(page->out, frt_page_word(page, key));
}
